// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Gives used objects back to the thread that made them, without locks.
#pragma once

#include <atomic>

#include "worker/batch/mpsc_queue.h"

namespace rafale::worker {

/// A stack that any thread pushes to and one thread takes from, all at once, so that the ABA
/// problem does not arise. T derives from MpscNode; the link is free to use as the object is in no
/// queue. Owns what lies in it.
template <class T>
class Recycler {
 public:
  Recycler() = default;
  ~Recycler() {
    while (T* item = take()) {
      delete item;
    }
  }
  Recycler(const Recycler&) = delete;
  Recycler& operator=(const Recycler&) = delete;

  /// Owner only. Null if nothing was given back.
  T* take() {
    if (free_ == nullptr) {
      free_ = returned_.exchange(nullptr, std::memory_order_acquire);
    }
    T* item = free_;
    if (item != nullptr) {
      free_ = static_cast<T*>(item->mpsc_next.load(std::memory_order_relaxed));
    }
    return item;
  }

  /// Any thread.
  void give_back(T* item) {
    T* head = returned_.load(std::memory_order_relaxed);
    do {
      item->mpsc_next.store(head, std::memory_order_relaxed);
    } while (!returned_.compare_exchange_weak(head, item, std::memory_order_release,
                                              std::memory_order_relaxed));
  }

 private:
  std::atomic<T*> returned_{nullptr};
  T* free_ = nullptr;
};

}  // namespace rafale::worker
