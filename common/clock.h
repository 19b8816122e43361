// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where time comes from: the system's clocks, or a twin that moves only when told.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace rafale::common {

/// The only source of time for code that can be simulated. All functions may be called from any
/// thread.
///
///   SimulatedClock clock;
///   Timer timer(clock);
///   clock.advance(std::chrono::seconds(30));
class Clock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using WallTime = std::chrono::system_clock::time_point;

  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// Never goes back and knows nothing of the calendar: for time-outs, rates and latencies.
  virtual Time now() const = 0;
  /// What the machine believes the date to be. It may jump: for log lines and records only.
  virtual WallTime wall_now() const = 0;

  /// now() as a number since an arbitrary moment.
  std::int64_t now_ns() const { return std::chrono::nanoseconds(now().time_since_epoch()).count(); }
  std::int64_t now_ms() const { return now_ns() / 1'000'000; }
  /// wall_now() as milliseconds since 1970.
  std::int64_t wall_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch())
        .count();
  }
};

/// The clocks of this machine.
class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() const override { return std::chrono::system_clock::now(); }
};

/// Stands still until advance(). Starts at one second after the epoch, so that no valid time is 0.
class SimulatedClock final : public Clock {
 public:
  Time now() const override { return Time(elapsed()); }
  WallTime wall_now() const override {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(elapsed()));
  }
  /// Moves both clocks forward; a negative step is a broken invariant of the caller and is ignored.
  void advance(std::chrono::nanoseconds step) {
    if (step.count() > 0) ns_.fetch_add(step.count(), std::memory_order_acq_rel);
  }

 private:
  std::chrono::nanoseconds elapsed() const {
    return std::chrono::nanoseconds(ns_.load(std::memory_order_acquire));
  }
  std::atomic<std::int64_t> ns_{1'000'000'000};
};

}  // namespace rafale::common
