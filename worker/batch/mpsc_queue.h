// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// An intrusive queue for many producers and one consumer.
#pragma once

#include <atomic>
#include <cstddef>

namespace rafale::worker {

/// What a queue's elements derive from. In at most one queue at a time.
struct MpscNode {
  std::atomic<MpscNode*> mpsc_next{nullptr};
};

/// Vyukov's non-intrusive-stub MPSC list (1024cores.net): push is one exchange, pop has no atomic
/// read-modify-write. It has no bound of its own; who pushes keeps one (see Inbox). FIFO per
/// producer. T derives from MpscNode; the queue does not own what is in it.
template <class T>
class MpscQueue {
 public:
  MpscQueue() : head_(&stub_), tail_(&stub_) {}
  MpscQueue(const MpscQueue&) = delete;
  MpscQueue& operator=(const MpscQueue&) = delete;

  /// Any thread.
  void push(T* item) { push_node(item); }

  /// Consumer only. Null if the queue is empty or a push is half done; the producer then notifies
  /// after its push, so nothing is overlooked.
  T* pop() {
    MpscNode* tail = tail_;
    MpscNode* next = tail->mpsc_next.load(std::memory_order_acquire);
    if (tail == &stub_) {
      if (next == nullptr) {
        return nullptr;
      }
      tail_ = next;
      tail = next;
      next = tail->mpsc_next.load(std::memory_order_acquire);
    }
    if (next == nullptr) {
      if (tail != head_.load(std::memory_order_acquire)) {
        return nullptr;  // a producer is between its two steps
      }
      push_node(&stub_);
      next = tail->mpsc_next.load(std::memory_order_acquire);
      if (next == nullptr) {
        return nullptr;
      }
    }
    tail_ = next;
    return static_cast<T*>(tail);
  }

  /// Consumer only.
  bool empty() const {
    return tail_ == &stub_ && stub_.mpsc_next.load(std::memory_order_acquire) == nullptr;
  }

 private:
  void push_node(MpscNode* node) {
    node->mpsc_next.store(nullptr, std::memory_order_relaxed);
    MpscNode* previous = head_.exchange(node, std::memory_order_acq_rel);
    previous->mpsc_next.store(node, std::memory_order_release);
  }

  alignas(64) std::atomic<MpscNode*> head_;
  alignas(64) MpscNode* tail_;
  MpscNode stub_;
};

}  // namespace rafale::worker
