// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// An executor's core whose way out ends in lists, and bolts made of a function.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "worker/executor/bolt_task.h"
#include "worker/executor/core.h"
#include "worker/executor/spout_task.h"

namespace rafale::worker {

/// The spout that tuples of these tests come from.
inline constexpr SpoutRef kSpout{.task = 9, .incarnation = 5};

/// Keeps what a task sends, in order. Gives everything back to its pools when it is cleared.
class Outbox final : public Exchange {
 public:
  ~Outbox() override { clear(); }

  bool deliver(Batch* batch) override {
    batches.push_back(batch);
    return !full;
  }
  void deliver(TaskId, RecordBlock* block) override {
    for (const Record& record : block->records) {
      records.push_back(record);
    }
    blocks.push_back(block);
  }
  void clear() {
    for (Batch* batch : std::exchange(batches, {})) {
      batch->release();
    }
    for (RecordBlock* block : std::exchange(blocks, {})) {
      block->home->give_back(block);
    }
    records.clear();
  }
  /// Applies all records to the tracker, in order.
  void tell(Tracker& tracker) {
    for (RecordBlock* block : blocks) {
      for (const Record& record : block->records) {
        tracker.apply(record, *block);
      }
    }
  }

  bool full = false;
  std::vector<Batch*> batches;
  std::vector<RecordBlock*> blocks;
  std::vector<Record> records;  // of all blocks
};

/// A core and what it needs. Tasks use `core` and must go before it.
struct Bench {
  explicit Bench(std::uint64_t seed = 1) : core(options(seed), out, errors, letters, floors) {}
  ~Bench() { out.clear(); }

  /// As an executor does it: emit records of open batches before acks.
  void flush(std::initializer_list<TaskOutput*> tasks) {
    for (TaskOutput* task : tasks) {
      task->report_emits();
    }
    core.records.flush();
  }

  static ExecutorCore::Options options(std::uint64_t seed) {
    return {.seed = seed, .worker = 1, .instance = 1};
  }

  struct Letters final : DeadLetters {
    void write(const std::string&, TaskId, const DeadLetter& letter) override {
      written.emplace_back(letter.record);
    }
    std::vector<std::string> written;
  } letters;
  Outbox out;
  ErrorBook errors{nullptr};
  FloorBoard floors{64};
  ExecutorCore core;
};

inline const detail::StreamInfo& number_stream() {
  static const detail::StreamInfo stream{"numbers", "default", {{"n", FieldType::int64}}};
  return stream;
}

/// A bolt that is a function.
class FunctionBolt final : public Bolt {
 public:
  using Function = std::function<void(const Tuple&, BoltCollector&)>;
  explicit FunctionBolt(Function function) : function_(std::move(function)) {}
  void execute(const Tuple& in, BoltCollector& out) override { function_(in, out); }

 private:
  Function function_;
};

inline std::unique_ptr<BoltTask> make_bolt(Bench& bench, TaskId task, FunctionBolt::Function f) {
  BoltInstance instance;
  instance.bolt = std::make_unique<FunctionBolt>(std::move(f));
  return std::make_unique<BoltTask>(
      bench.core, "bolt", task, std::vector<const detail::StreamInfo*>{&number_stream()},
      std::vector<const detail::StreamInfo*>{&number_stream()}, std::move(instance));
}

/// An outlet with a lane to each of `to`.
inline void subscribe(TaskOutput& from, const std::vector<Destination>& to,
                      Grouping::Kind kind = Grouping::Kind::shuffle) {
  Outlet outlet;
  for (const Destination& destination : to) {
    Lane lane;
    lane.to = destination;
    outlet.lanes.push_back(std::move(lane));
  }
  outlet.grouper =
      make_grouper({.kind = kind, .fields = {}}, {.schema = &number_stream().schema,
                                                  .tasks = static_cast<std::uint32_t>(to.size()),
                                                  .local = {},
                                                  .seed = 0});
  from.port(0).outlets.push_back(std::move(outlet));
}

/// A batch of one row for each root, as a remote sender would have made it.
inline Batch* make_batch(BatchPool& pool, const std::vector<Root>& roots) {
  Batch* batch = pool.take(0);
  EdgeSource edges(77);
  RunAppender runs;
  for (const Root& root : roots) {
    const auto n = static_cast<std::int64_t>(batch->rows);
    const std::size_t bytes = row::encoded_size(n);
    row::encode(batch->tail(), bytes, n);
    batch->bytes += static_cast<std::uint32_t>(bytes);
    ++batch->rows;
    runs.add(*batch, root, edges);
  }
  return batch;
}

}  // namespace rafale::worker
