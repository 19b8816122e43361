// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Makes the executors, tasks and connections of a planned topology.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/random.h"
#include "rafale/topology.h"
#include "worker/executor/bolt_executor.h"
#include "worker/executor/dedicated_thread.h"
#include "worker/executor/local_exchange.h"
#include "worker/executor/pool.h"
#include "worker/executor/spout_executor.h"
#include "worker/runtime/placement.h"
#include "worker/runtime/plan.h"
#include "worker/runtime/task_context.h"

namespace rafale::worker {

/// Settings that the runtime itself reads, with Storm's names and defaults.
struct RuntimeSettings {
  explicit RuntimeSettings(const Config& config);

  std::int64_t timeout_ns;
  std::size_t max_tuple_bytes;
  std::size_t max_held_bytes;
  std::size_t high_mark;
  bool acking;
  bool fuse;
};

/// One task as the runtime keeps it. `bolt` or `spout` is set; both are owned by the executor. All
/// is null for a task that runs in another worker.
struct AssembledTask {
  const ComponentDef* def = nullptr;
  TaskOutput* output = nullptr;
  BoltTask* bolt = nullptr;
  SpoutTask* spout = nullptr;
  Executor* executor = nullptr;
  std::unique_ptr<TaskContextImpl> context;
  bool ready = false;  ///< opened or prepared; used on the executor's thread
};

/// All parts of one running topology. Nothing runs until the executors are notified. Destroyed when
/// no thread uses the executors any more.
class Assembly {
 public:
  struct Parts {
    const Topology& topology;
    const Plan& plan;
    const RuntimeSettings& settings;
    const RuntimeView& view;
    Scheduler& pool;
    AlarmClock& alarms;
    ErrorBook& errors;
    DeadLetters& dead_letters;
    const Placement& placement;
    /// The way out of an executor; `by_task` has those of this worker, null for others.
    std::function<std::unique_ptr<Exchange>(Executor& from, const std::vector<Executor*>& by_task)>
        make_exchange;
    /// Where the counters of a task lie, see ExecutorCore::counter_memory.
    std::function<void*(TaskId)> counter_memory;
    std::uint64_t seed;
  };
  explicit Assembly(const Parts& parts);

  /// By task number; entry 0 is empty.
  std::vector<AssembledTask>& tasks() { return tasks_; }
  const std::vector<AssembledTask>& tasks() const { return tasks_; }
  const std::vector<std::unique_ptr<Executor>>& executors() const { return executors_; }
  const std::vector<SpoutExecutor*>& spout_executors() const { return spout_executors_; }
  void stop_dedicated_threads();
  FloorBoard& floors() { return *floors_; }
  const FloorBoard& floors() const { return *floors_; }
  /// Executor of each task, null for those of other workers.
  const std::vector<Executor*>& by_task() const { return by_task_; }

 private:
  using Fused = std::vector<std::unique_ptr<BoltTask>>;

  void make_streams();
  void make_executor(std::size_t component, TaskRange range);
  ExecutorCore& make_core(Executor& executor);
  std::unique_ptr<BoltTask> make_bolt(ExecutorCore& core, std::size_t component,
                                      std::uint32_t index);
  std::unique_ptr<SpoutTask> make_spout(ExecutorCore& core, std::size_t component,
                                        std::uint32_t index);
  void make_fused(ExecutorCore& core, std::size_t parent, std::uint32_t index, Fused& fused);
  void adopt(AssembledTask& task, Executor& executor);
  void add_ticks(AssembledTask& task, TickTable& ticks, std::int64_t now_ns);
  void connect(std::size_t component, std::uint32_t index);
  void connect_input(TaskOutput& from, std::size_t producer, std::uint32_t index,
                     std::size_t subscriber, std::size_t input);
  AssembledTask& task(std::size_t component, std::uint32_t index) {
    return tasks_[parts_.plan.components()[component].first_task + index];
  }
  std::vector<const detail::StreamInfo*> outputs_of(std::size_t component) const;
  std::vector<const detail::StreamInfo*> inputs_of(std::size_t component) const;

  Parts parts_;
  common::Random random_;
  std::unique_ptr<FloorBoard> floors_;
  std::vector<std::vector<std::unique_ptr<detail::StreamInfo>>> streams_;  // [component][index]
  std::vector<AssembledTask> tasks_;
  std::vector<Executor*> by_task_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  // Before the executors: batches of one lie in the inboxes of others and go back to their pools.
  std::vector<std::unique_ptr<ExecutorCore>> cores_;
  std::vector<std::unique_ptr<Executor>> executors_;
  std::vector<SpoutExecutor*> spout_executors_;
  std::vector<std::unique_ptr<DedicatedThread>> dedicated_;
};

}  // namespace rafale::worker
