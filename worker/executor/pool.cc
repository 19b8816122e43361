// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Threads, their slots and their sleep.
#include "worker/executor/pool.h"

#include <algorithm>
#include <utility>

namespace rafale::worker {
namespace {

// A thread may take its own slot so often in a row before it looks at the queue.
constexpr int kSlotTurns = 16;

}  // namespace

thread_local Pool::Thread* Pool::current_ = nullptr;
thread_local Pool* Pool::current_pool_ = nullptr;

Pool::Pool(unsigned threads, std::function<void(const std::string&)> on_slow)
    : on_slow_(std::move(on_slow)) {
  threads_.reserve(threads + kMaxSubstitutes);
  const std::lock_guard lock(mutex_);
  for (unsigned i = 0; i < threads; ++i) {
    add_thread();
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  work_.notify_all();
  for (const auto& thread : threads_) {
    if (thread->handle.joinable()) {
      thread->handle.join();
    }
  }
}

/// Starts a thread, in the place of one that has ended if there is such. The lock is held.
void Pool::add_thread() {
  const auto free = std::ranges::find_if(threads_, [](const auto& t) { return t->ended; });
  Thread& thread =
      free != threads_.end() ? **free : *threads_.emplace_back(std::make_unique<Thread>());
  if (thread.handle.joinable()) {
    thread.handle.join();  // it has nothing left to do but return
  }
  thread.ended = thread.substituted = false;
  thread_count_.store(threads_.size(), std::memory_order_release);
  thread.handle = std::thread([this, &thread] { loop(thread); });
}

void Pool::submit(Executor& executor) {
  Executor* item = &executor;
  if (current_pool_ == this && current_ != nullptr && work_.waiters() == 0) {
    // Nobody is idle: keep it for this core. What was kept before goes to the queue.
    item = current_->slot.exchange(item, std::memory_order_acq_rel);
    if (item == nullptr) {
      work_.notify_one();  // whoever went to sleep meanwhile has not seen it
      return;
    }
  }
  enqueue(*item);
  work_.notify_one();
}

void Pool::submit_again(Executor& executor) {
  // The calling thread looks for work next: if it will find this, nobody else need come for it.
  const bool comes_next = current_pool_ == this && current_ != nullptr &&
                          current_->slot.load(std::memory_order_seq_cst) == nullptr;
  if (!enqueue(executor) || !comes_next) work_.notify_one();
}

/// True if nothing was waiting before.
bool Pool::enqueue(Executor& executor) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(&executor);
  queued_.store(queue_.size(), std::memory_order_seq_cst);
  return queue_.size() == 1;
}

Executor* Pool::from_queue() {
  if (queued_.load(std::memory_order_seq_cst) == 0) {
    return nullptr;
  }
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) {
    return nullptr;
  }
  Executor* executor = queue_.front();
  queue_.pop_front();
  queued_.store(queue_.size(), std::memory_order_seq_cst);
  return executor;
}

Executor* Pool::next(Thread& self) {
  if (self.slot_turns < kSlotTurns) {
    if (Executor* executor = self.slot.exchange(nullptr, std::memory_order_acq_rel)) {
      ++self.slot_turns;
      return executor;
    }
  }
  self.slot_turns = 0;
  if (Executor* executor = from_queue()) {
    return executor;
  }
  const std::size_t count = thread_count_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count; ++i) {
    Thread& other = *threads_[i];
    if (other.slot.load(std::memory_order_seq_cst) != nullptr) {
      if (Executor* executor = other.slot.exchange(nullptr, std::memory_order_acq_rel)) {
        return executor;
      }
    }
  }
  return nullptr;
}

void Pool::loop(Thread& self) {
  current_ = &self;
  current_pool_ = this;
  while (!stopping_.load(std::memory_order_acquire)) {
    Executor* executor = next(self);
    if (executor == nullptr) {
      const EventCount::Key key = work_.prepare();
      executor = next(self);
      if (executor == nullptr && !stopping_.load(std::memory_order_seq_cst)) {
        work_.wait(key);
        continue;
      }
      work_.cancel();
      if (executor == nullptr) {
        break;
      }
    }
    self.running.store(executor, std::memory_order_release);
    executor->run();
    self.running.store(nullptr, std::memory_order_release);
    if (leave_if_surplus(self)) {
      return;
    }
  }
}

/// After a slow slice a substitute has taken this thread's place.
bool Pool::leave_if_surplus(Thread& self) {
  if (substitutes_.load(std::memory_order_acquire) == 0) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  if (!self.substituted) {
    return false;
  }
  if (Executor* kept = self.slot.exchange(nullptr, std::memory_order_acq_rel)) {
    queue_.push_back(kept);  // for the thread that takes this one's place
    queued_.store(queue_.size(), std::memory_order_seq_cst);
  }
  substitutes_.fetch_sub(1, std::memory_order_acq_rel);
  self.ended = true;
  work_.notify_one();
  return true;
}

void Pool::watch(std::int64_t now_ns) {
  std::vector<std::string> slow;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t count = threads_.size();
    for (std::size_t i = 0; i < count; ++i) {
      Thread& thread = *threads_[i];
      Executor* executor = thread.running.load(std::memory_order_acquire);
      if (executor == nullptr || thread.substituted ||
          substitutes_.load(std::memory_order_relaxed) == kMaxSubstitutes) {
        continue;
      }
      const std::int64_t since = executor->running_since();
      if (since == 0 || now_ns - since < kSlowSliceNs) {
        continue;
      }
      thread.substituted = true;
      substitutes_.fetch_add(1, std::memory_order_acq_rel);
      add_thread();
      if (std::ranges::find(reported_, executor->component()) == reported_.end()) {
        reported_.push_back(executor->component());
        slow.push_back(executor->component());
      }
    }
  }
  for (const std::string& component : slow) {
    on_slow_(component);
  }
}

}  // namespace rafale::worker
