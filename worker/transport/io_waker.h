// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls the I/O thread out of its sleep in the completion queue.
#pragma once

#include <atomic>
#include <mutex>

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include "worker/transport/call_tag.h"

namespace rafale::worker {

/// An event count whose waiter sleeps in a completion queue. wake() from any thread costs two
/// atomic operations unless the thread sleeps; the thread asks wanted() before it sleeps and when
/// it wakes, and then does all that others may have asked for.
class IoWaker {
 public:
  explicit IoWaker(grpc::CompletionQueue& queue)
      : queue_(queue), on_rung_([this](bool) {
          const std::lock_guard lock(mutex_);
          rung_ = false;
        }) {}

  /// Any thread. What was published before is seen by whatever the I/O thread does next.
  void wake() {
    if (wanted_.exchange(true, std::memory_order_seq_cst)) return;
    if (asleep_.load(std::memory_order_seq_cst)) ring();
  }

  /// I/O thread: it goes to sleep if this says true, and has woken when it calls woke().
  bool may_sleep() {
    asleep_.store(true, std::memory_order_seq_cst);
    if (!wanted_.load(std::memory_order_seq_cst)) return true;
    asleep_.store(false, std::memory_order_relaxed);
    return false;
  }
  void woke() { asleep_.store(false, std::memory_order_relaxed); }
  /// I/O thread: whether somebody called since the last time.
  bool take_wanted() {
    return wanted_.load(std::memory_order_relaxed) &&
           wanted_.exchange(false, std::memory_order_seq_cst);
  }

  /// Before the queue is shut down: nothing is put into it any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

 private:
  void ring() {
    const std::lock_guard lock(mutex_);
    if (rung_ || closed_) return;
    rung_ = true;
    // Due in the past: gRPC then completes it at once. A time as near as now it would round up to a
    // millisecond, and have its timer threads wake up for it.
    alarm_.Set(&queue_, gpr_inf_past(GPR_CLOCK_MONOTONIC), &on_rung_);
  }

  grpc::CompletionQueue& queue_;
  std::atomic<bool> wanted_{false};
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  bool rung_ = false;  // the alarm's tag has not come yet
  bool closed_ = false;
  grpc::Alarm alarm_;
  CallTag on_rung_;
};

}  // namespace rafale::worker
