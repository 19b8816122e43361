// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What one task counts, and how others may read it while it does.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "common/cache_line.h"
#include "rafale/failure.h"
#include "worker/metrics/histogram.h"

namespace rafale::worker {

/// A number that one thread raises and any thread reads. No locked instruction.
class Count {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Of one output stream of one task.
struct PortCounters {
  Count emitted;
  Count transferred;
};

/// Of one task. Written by its executor's thread only.
struct TaskCounters {
  explicit TaskCounters(std::size_t ports) : port(ports) {}

  common::CacheLineVector<PortCounters> port;
  Count executed;
  Count acked;
  std::array<Count, kFailureCodes> failed;
  Count skipped;
  Count misused;
  Count backpressured;
  std::atomic<std::int64_t> held_bytes{0};  // given back on whatever thread drops the tuple
  // Of spouts.
  Count messages;    ///< followed messages, replays not counted
  Count unfollowed;  ///< tuples emitted without a message id
  Count replayed;
  Count dead_lettered;
  Count pending;
  Histogram execute_ns;
  Histogram complete_ns;
};

}  // namespace rafale::worker
