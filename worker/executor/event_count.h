// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sleeping until there is something to do, by futex.
#pragma once

#include <atomic>
#include <cstdint>

namespace rafale::worker {

/// An eventcount: a thread announces that it is about to sleep, looks once more whether there is
/// work, and sleeps; notify_*() after work was published wakes it and costs a fence and a load when
/// nobody sleeps. (Vyukov; also folly::EventCount.) No spinning: with as many threads as cores a
/// spinner takes time from whoever it waits for.
class EventCount {
 public:
  using Key = std::uint32_t;

  /// Announces a sleep. Look for work, then call cancel() or wait().
  Key prepare() {
    waiters_.fetch_add(1, std::memory_order_seq_cst);
    return epoch_.load(std::memory_order_seq_cst);
  }
  void cancel() { waiters_.fetch_sub(1, std::memory_order_relaxed); }
  /// Sleeps until a notify that came after prepare(); `timeout_ns` < 0: as long as it takes. May
  /// also return early.
  void wait(Key key, std::int64_t timeout_ns = -1);

  void notify_one() { notify(1); }
  void notify_all() { notify(1 << 30); }
  /// Threads that sleep or are about to.
  std::uint32_t waiters() const { return waiters_.load(std::memory_order_seq_cst); }

 private:
  void notify(int threads) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (waiters_.load(std::memory_order_relaxed) != 0) {
      wake(threads);
    }
  }
  void wake(int threads);

  std::atomic<std::uint32_t> epoch_{0};
  std::atomic<std::uint32_t> waiters_{0};
};

}  // namespace rafale::worker
