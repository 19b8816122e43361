// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A batch: rows for one task, the unit of queueing, acking and memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "rafale/types.h"
#include "worker/batch/mpsc_queue.h"
#include "worker/batch/recycler.h"
#include "worker/batch/run.h"

namespace rafale::worker {

class BatchPool;

/// Where a batch goes: a task as one instance of one worker runs it.
struct Destination {
  TaskId task = 0;
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;
};

/// Rows from one task and stream to one task. Filled by the producer's thread, then read by the
/// consumer's; never both. Counted references let held tuples keep the rows; the last release gives
/// the block back to the pool that it came from.
class Batch : public MpscNode {
 public:
  /// A batch is closed when it has one of these; see docs/design/0001-data-plane.md. Within a
  /// process it shall stay in a core's cache; a message to another costs more than that is worth.
  struct Limits {
    std::uint32_t rows;
    std::uint32_t bytes;
  };
  static constexpr Limits kNear{1024, 32 * 1024};
  static constexpr Limits kFar{2048, 60 * 1024};
  static constexpr std::uint32_t kMaxRows = kFar.rows;
  static constexpr std::uint32_t kBlockBytes = 64 * 1024;

  Batch(BatchPool* home, std::uint32_t capacity)
      : home_(home), capacity_(capacity), data_(new char[capacity]) {}

  Destination to;
  TaskId from = 0;
  std::uint16_t input = 0;  ///< index of the stream among the receiver's inputs
  std::uint32_t rows = 0;
  std::uint32_t bytes = 0;
  std::int64_t opened_ns = 0;  ///< when the first row came
  static constexpr std::uint32_t kHere = ~0u;
  std::uint32_t origin = kHere;  ///< the worker that it came from, if that is another
  std::vector<Run> runs;         ///< by first_row; rows under no run are unanchored
  std::vector<std::uint8_t> deltas;
  // How far the producer has told the trackers of the runs: all of the first `reported_runs`, and
  // `reported_in_run` rows of the next.
  std::uint32_t reported_runs = 0;
  std::uint32_t reported_in_run = 0;

  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  char* tail() { return data_.get() + bytes; }
  char* end() { return data_.get() + capacity_; }
  std::uint32_t capacity() const { return capacity_; }
  bool full() const { return rows >= limits_.rows || bytes >= limits_.bytes; }
  /// kNear unless said otherwise, after take().
  void set_limits(const Limits& limits) { limits_ = limits; }

  void add_ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  /// Gives one reference back; any thread.
  void release();

 private:
  friend class BatchPool;
  BatchPool* home_;
  std::atomic<std::uint32_t> refs_{1};
  std::uint32_t capacity_;
  Limits limits_ = kNear;
  std::unique_ptr<char[]> data_;
};

/// The blocks of one producer. take() is called on the producer's thread; batches come back from
/// any. Must outlive its batches.
class BatchPool {
 public:
  BatchPool() = default;
  BatchPool(const BatchPool&) = delete;
  BatchPool& operator=(const BatchPool&) = delete;

  /// An empty batch with room for at least `bytes`. Blocks above the usual size are not kept.
  Batch* take(std::size_t bytes);
  /// Blocks made and not freed.
  std::size_t allocated() const { return allocated_.load(std::memory_order_relaxed); }

 private:
  friend class Batch;
  void give_back(Batch* batch);

  Recycler<Batch> idle_;
  std::atomic<std::size_t> allocated_{0};
};

}  // namespace rafale::worker
