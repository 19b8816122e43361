// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What one task counts, and how others may read it while it does.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

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

/// What keeps a spout from emitting, or that nothing does.
enum class SpoutState : std::uint8_t { idle, active, throttled, backpressured };
constexpr std::string_view to_string(SpoutState state) {
  switch (state) {
    case SpoutState::active:
      return "active";
    case SpoutState::throttled:
      return "throttled";
    case SpoutState::backpressured:
      return "backpressured";
    case SpoutState::idle:
      break;
  }
  return "idle";
}

/// Of one output stream of one task.
struct PortCounters {
  Count emitted;
  Count transferred;
};

/// Of one task. Written by its executor's thread only. Numbers only, in this order, and then those
/// of the ports: so they can lie in a file that outlives the process; see counter_blocks().
struct TaskCounters {
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
  Count oldest_ns;  ///< the oldest open message was emitted about then; monotonic time
  Count state;      ///< a SpoutState
  Count busy_ns;    ///< time in slices, of the executor's first task only
  Histogram execute_ns;
  Histogram complete_ns;
  PortCounters* port = nullptr;  ///< by stream index; they lie behind this struct
};

/// The counters of one task, in memory that is given, or else in memory of their own.
class CounterMemory {
 public:
  /// What `ports` streams need.
  static std::size_t bytes(std::size_t ports) {
    return sizeof(TaskCounters) + ports * sizeof(PortCounters);
  }
  /// `given`, if not null, has bytes(ports) zero bytes on a cache line and outlives this.
  CounterMemory(std::size_t ports, void* given)
      : own_(given != nullptr ? 0 : (bytes(ports) + kLine - 1) / kLine),
        counters_(new (given != nullptr ? given : own_.data()) TaskCounters) {
    auto* at = reinterpret_cast<char*>(counters_) + sizeof(TaskCounters);
    counters_->port = reinterpret_cast<PortCounters*>(at);
    for (std::size_t i = 0; i < ports; ++i) new (&counters_->port[i]) PortCounters;
  }
  TaskCounters& counters() { return *counters_; }

 private:
  static constexpr std::size_t kLine = common::kCacheLines;
  struct alignas(common::kCacheLines) Line {
    char bytes[kLine];
  };
  common::CacheLineVector<Line> own_;
  TaskCounters* counters_;
};

}  // namespace rafale::worker
