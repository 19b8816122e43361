// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the tasks of one executor share.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

#include "common/cache_line.h"
#include "rafale/failure.h"
#include "worker/ack/floor_board.h"
#include "worker/ack/record_writer.h"
#include "worker/ack/roots.h"
#include "worker/batch/batch.h"
#include "worker/metrics/error_book.h"

namespace rafale::worker {

class Tracker;

/// The way out of an executor. Implemented by the runtime (inboxes, links) and by simulations.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// Takes a closed batch, one reference with it. Returns false if the receiver has more waiting
  /// than it should: the batch is taken all the same, but the executor must soon stop producing.
  virtual bool deliver(Batch* batch) = 0;
  /// The executor will pause because of the batch just delivered to `task`. Not called for tasks
  /// that can reach the executor: in a cycle nobody waits.
  virtual void will_wait_for(TaskId) {}
  /// Takes records for the tracker of a spout task.
  virtual void deliver(TaskId spout_task, RecordBlock* block) = 0;
  /// A batch that came from another worker was taken out of the inbox.
  virtual void consumed(const Batch&) {}
  /// The executor's slice is over: what was delivered may wait no longer.
  virtual void end_slice() {}
};

/// Writes dead letters; see TaskContext::dead_letter. Any thread.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;
  virtual void write(const std::string& component, TaskId task, const DeadLetter& letter) = 0;
};

/// State of one executor and the parts that its tasks use; one thread at a time.
struct alignas(common::kCacheLines) ExecutorCore {
  struct Options {
    std::uint64_t seed = 1;
    std::uint32_t worker = 0;  ///< this process, and which of its lives
    std::uint32_t instance = 1;
    bool acking = true;
    std::size_t max_tuple_bytes = 8u << 20;
    std::size_t max_held_bytes = 64u << 20;  ///< per task
  };
  ExecutorCore(const Options& o, Exchange& way_out, ErrorBook& book, DeadLetters& letters,
               const FloorBoard& board)
      : options(o),
        exchange(way_out),
        errors(book),
        dead_letters(letters),
        floors(board),
        edges(o.seed),
        records([this](TaskId task, RecordBlock* block) { exchange.deliver(task, block); }) {}

  Options options;
  Exchange& exchange;
  ErrorBook& errors;
  DeadLetters& dead_letters;
  const FloorBoard& floors;
  EdgeSource edges;
  RecordWriter records;
  BatchPool batches;
  /// A slice ends after this long, so that acks, ticks and others have their turn.
  static constexpr std::int64_t kSliceNs = 2'000'000;

  std::int64_t now_ns = 0;  ///< refreshed by the executor between batches
  std::int64_t slice_end_ns = std::numeric_limits<std::int64_t>::max();
  bool congested = false;  ///< a delivery said that its receiver is full
  /// Name of a task's component, for reasons of failure.
  std::function<std::string_view(TaskId)> component_of = [](TaskId) { return std::string_view(); };
  /// Where the counters of a task lie; null: wherever it likes. See CounterMemory.
  std::function<void*(TaskId)> counter_memory = [](TaskId) { return nullptr; };
  /// A clock for the rare timed execute() and the end of slices; monotonic.
  std::function<std::int64_t()> clock = [this] { return now_ns; };
};

}  // namespace rafale::worker
