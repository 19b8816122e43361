// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Below which root each spout task has nothing open any more.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "worker/batch/run.h"

namespace rafale::worker {

/// Rows whose roots all lie below the floors of their spout tasks belong to trees that are over; to
/// process them would be work for nothing, and more load when there is already too much. One writer
/// per task, any number of readers.
class FloorBoard {
 public:
  /// For tasks 0 to `tasks` - 1.
  explicit FloorBoard(std::uint32_t tasks)
      : entries_(std::make_unique<Entry[]>(tasks)), tasks_(tasks) {}

  /// A new start of the task: until raise(), nothing of it counts as over.
  void start(const SpoutRef& spout) {
    Entry& entry = entries_[spout.task];
    entry.floor.store(0, std::memory_order_release);
    entry.incarnation.store(spout.incarnation, std::memory_order_release);
  }
  void raise(const SpoutRef& spout, std::uint64_t floor) {
    entries_[spout.task].floor.store(floor, std::memory_order_release);
  }
  /// 0 if the board knows of another start of the task.
  std::uint64_t floor(const SpoutRef& spout) const {
    if (spout.task >= tasks_) {
      return 0;
    }
    const Entry& entry = entries_[spout.task];
    if (entry.incarnation.load(std::memory_order_acquire) != spout.incarnation) {
      return 0;
    }
    const std::uint64_t floor = entry.floor.load(std::memory_order_acquire);
    // start() may have come in between; it changes the floor first.
    return entry.incarnation.load(std::memory_order_acquire) == spout.incarnation ? floor : 0;
  }

 private:
  struct alignas(64) Entry {
    std::atomic<std::uint32_t> incarnation{0};
    std::atomic<std::uint64_t> floor{0};
  };
  std::unique_ptr<Entry[]> entries_;
  std::uint32_t tasks_;
};

}  // namespace rafale::worker
