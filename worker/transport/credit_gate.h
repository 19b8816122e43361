// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How much of ours one receiver may still have to work on, task by task.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "rafale/types.h"

namespace rafale::worker {

/// Counts bytes that were handed over for a task and that the receiver has not consumed yet. Soft:
/// what exceeds the window is taken all the same, but the giver is told to pause. Any thread.
class CreditGate {
 public:
  CreditGate(TaskId tasks, std::int64_t window)
      : entries_(std::make_unique<Entry[]>(tasks + std::size_t{1})), window_(window) {}

  /// Adds; false if the giver shall pause until returned() says true.
  bool add(TaskId task, std::int64_t bytes) {
    Entry& entry = entries_[task];
    if (entry.open.fetch_add(bytes, std::memory_order_seq_cst) + bytes < window_) return true;
    entry.waits.store(true, std::memory_order_seq_cst);
    // The receiver may have caught up in between; then nobody would tell the giver.
    if (entry.open.load(std::memory_order_seq_cst) > window_ / 2) return false;
    return entry.waits.exchange(false, std::memory_order_seq_cst);
  }
  /// Takes away; true if somebody waits and half of the window is free.
  bool returned(TaskId task, std::int64_t bytes) {
    Entry& entry = entries_[task];
    const std::int64_t left = entry.open.fetch_sub(bytes, std::memory_order_seq_cst) - bytes;
    return left <= window_ / 2 && entry.waits.load(std::memory_order_seq_cst) &&
           entry.waits.exchange(false, std::memory_order_seq_cst);
  }
  bool has_room(TaskId task) const {
    return entries_[task].open.load(std::memory_order_seq_cst) < window_;
  }

 private:
  struct alignas(64) Entry {
    std::atomic<std::int64_t> open{0};
    std::atomic<bool> waits{false};
  };
  std::unique_ptr<Entry[]> entries_;
  std::int64_t window_;
};

}  // namespace rafale::worker
