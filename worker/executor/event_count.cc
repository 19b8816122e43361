// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The system calls of EventCount.
#include "worker/executor/event_count.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace rafale::worker {
namespace {

long futex(std::atomic<std::uint32_t>* word, int operation, std::uint32_t value,
           const timespec* timeout) {
  return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, timeout, nullptr, 0);
}

}  // namespace

void EventCount::wait(Key key, std::int64_t timeout_ns) {
  timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  if (epoch_.load(std::memory_order_seq_cst) == key) {
    futex(&epoch_, FUTEX_WAIT, key, timeout_ns < 0 ? nullptr : &timeout);
  }
  waiters_.fetch_sub(1, std::memory_order_relaxed);
}

void EventCount::wake(int threads) {
  epoch_.fetch_add(1, std::memory_order_seq_cst);
  futex(&epoch_, FUTEX_WAKE, static_cast<std::uint32_t>(threads), nullptr);
}

}  // namespace rafale::worker
