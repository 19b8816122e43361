// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One executor without a thread: the real tasks, queues of its own, and a turn for each thing that
// can happen to it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/ack/worker.h"
#include "worker/executor/bolt_task.h"
#include "worker/executor/core.h"
#include "worker/executor/spout_task.h"

namespace rafale::worker::sim {

class SimBolt;
class Source;
class WindowTask;

/// What an executor can do next.
enum class Act : std::uint8_t {
  hear,           ///< apply one message of records
  input,          ///< take a batch, or go on with one
  emit,           ///< next_tuple()
  tell,           ///< callbacks for what earlier callbacks emitted
  fire,           ///< a window is full
  held,           ///< user code goes on with a tuple that it kept
  handed,         ///< run what was handed over
  flush_batches,  ///< of one task
  flush_records,
  send_records,  ///< let some leave that were flushed
  count,
};

class SimExecutor final : public Exchange {
 public:
  SimExecutor(SimWorker& worker, TaskId task);
  ~SimExecutor() override;
  SimExecutor(const SimExecutor&) = delete;
  SimExecutor& operator=(const SimExecutor&) = delete;

  using Acts = std::array<Act, static_cast<std::size_t>(Act::count)>;
  /// Fills in what can happen; returns how much that is.
  std::size_t acts(Acts& possible);
  void act(Act what);

  // --- the way out, see Exchange
  // ------------------------------------------------------------------
  bool deliver(Batch* batch) override;
  void deliver(TaskId spout_task, RecordBlock* block) override;

  // --- the ways in
  // ----------------------------------------------------------------------------------
  void push(Batch* batch) { inbox_.push(batch); }
  void push(RecordBlock* block) { control_.push(block); }
  void push(const WireBatch& batch);
  void push(const WireRecords& records);
  void hand_over(std::function<void()> work) { handed_.push_back(std::move(work)); }
  /// Time has passed: ticks of the tracker.
  void tick();
  void rebind(const std::vector<Destination>& now);

  // --- for user code and windows
  // --------------------------------------------------------------------
  /// Runs `emit`, which emits the row whose number it gets once, anchored to `keys`; accounts for
  /// the copies that it led to.
  void emission(TaskOutput& from, Port port, std::vector<Root> keys,
                const std::function<void(std::int64_t row)>& emit);
  /// The fields of a row besides its number: key and load.
  std::string any_key() { return std::to_string(world.random.below(7)); }
  std::string any_load();
  /// A task that subscribes directly to the component's stream kPoint, or none.
  TaskId any_direct_target(const Component& component);
  /// A bolt begins to execute this row.
  void executing(const TaskOutput& task, std::int64_t row);
  /// Takes note of trees that ended and are not told yet.
  void scan();
  /// A callback is being told of a tree's end.
  void told(std::uint64_t message, bool failed);
  void run_callbacks();

  /// Of the spout or window task that it runs, else null.
  Tracker* tracker() { return spout_ != nullptr ? &spout_->tracker() : nullptr; }
  SpoutTask* spout() { return spout_.get(); }
  /// Its spout has nothing to emit and nothing open.
  bool exhausted() const;
  ExecutorCore& core() { return *core_; }
  TaskId task() const { return task_; }
  const Component& component() const { return component_; }
  const Place& me() const { return worker.me(); }
  void add_statistics(Statistics& sum) const;

  /// In this order, over all executors of a worker: queues, then tasks, then the rest.
  void drop_queues();
  void drop_tasks();

  SimWorker& worker;
  World& world;

 private:
  struct Lap {  // of one lane, before an emit
    const Lane* lane;
    const Batch* open;
    std::uint32_t rows;
    std::uint64_t deliveries;  // to its task
  };

  void make_core();
  void make_spout();
  std::unique_ptr<BoltTask> make_bolt(const Component& component, std::uint32_t index);
  void make_children(const Component& component, TaskOutput& parent, std::uint32_t index);
  void wire(const Component& component, TaskOutput& task);
  void hear(RecordBlock& block);
  void take_input();
  void end_input(bool done);
  void flush_records();
  void send_records();
  void check_rows(const Batch& batch);
  bool local(TaskId task) const;

  TaskId task_;
  const Component& component_;
  std::uint32_t incarnation_;
  BatchPool arrivals_;  // of batches that come over links
  std::unique_ptr<ExecutorCore> core_;
  std::unique_ptr<SpoutTask> spout_;
  std::unique_ptr<BoltTask> bolt_;
  std::vector<std::unique_ptr<BoltTask>> children_;
  std::vector<TaskOutput*> outputs_;  // all of them
  std::vector<std::pair<const Component*, BoltTask*>> child_of_;
  std::vector<SimBolt*> bolts_;  // their user code, as far as it can hold tuples
  Source* source_ = nullptr;     // the spout's user code
  std::unique_ptr<WindowTask> window_;

  std::array<std::uint64_t, Graph::kMostTasks> deliveries_{};
  MpscQueue<Batch> inbox_;
  MpscQueue<RecordBlock> control_;
  std::deque<std::function<void()>> handed_;
  std::map<TaskId, std::deque<std::shared_ptr<WireRecords>>> outbox_;

  std::vector<std::int64_t> expected_rows_;  // of the batch in work, those not executed yet
  std::size_t next_row_ = 0;
  struct Ended {
    std::uint64_t message;
    bool failed;
  };
  std::deque<Ended> ended_acks_;  // scanned, not told
  std::deque<Ended> ended_;
  std::deque<Ended> telling_acks_;  // what a call of run_callbacks() has left to tell
  std::deque<Ended> telling_;
  std::size_t scanned_acks_ = 0;
  std::size_t scanned_ = 0;
  std::size_t ring_ = world.settings.ring;
  std::size_t overflowed_ = 0;
};

}  // namespace rafale::worker::sim
