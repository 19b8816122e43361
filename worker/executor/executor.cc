// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Queues, states and pauses of an executor.
#include "worker/executor/executor.h"

#include <algorithm>
#include <utility>

namespace rafale::worker {
namespace {

/// What a batch counts in an inbox: one, or the usual batches that a huge row takes the place of.
std::size_t weight_of(const Batch& batch) {
  return std::max<std::size_t>(1, batch.capacity() / Batch::kBlockBytes);
}

}  // namespace

Executor::Executor(Options options, Scheduler& scheduler, AlarmClock& alarms)
    : options_(std::move(options)), scheduler_(scheduler), alarms_(alarms) {}

Executor::~Executor() {
  while (Batch* batch = inbox_.pop()) {
    batch->release();
  }
  while (RecordBlock* block = control_.pop()) {
    block->home->give_back(block);
  }
}

// --- in
// ---------------------------------------------------------------------------------------------------

bool Executor::push(Batch* batch) {
  // Counted first: a consumer that pops it at once must not count below zero.
  const std::size_t weight = weight_of(*batch);
  const std::size_t waiting = inbox_size_.fetch_add(weight, std::memory_order_seq_cst) + weight;
  inbox_.push(batch);
  notify();
  return waiting < options_.high_mark;
}

void Executor::push(RecordBlock* block) {
  control_.push(block);
  notify();
}

void Executor::post(std::function<void()> work) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(work));
    has_posted_.store(true, std::memory_order_release);
  }
  notify();
}

Batch* Executor::pop_batch() {
  Batch* batch = inbox_.pop();
  if (batch != nullptr) {
    const std::size_t weight = weight_of(*batch);
    const std::size_t left = inbox_size_.fetch_sub(weight, std::memory_order_seq_cst) - weight;
    if (left <= options_.high_mark / 2 && has_waiters_.load(std::memory_order_seq_cst)) {
      wake_waiters();
    }
    if (batch->origin != Batch::kHere) {
      core_->exchange.consumed(*batch);
    }
  }
  return batch;
}

void Executor::run_posted() {
  if (!has_posted_.load(std::memory_order_acquire)) {
    return;
  }
  std::deque<std::function<void()>> work;
  {
    const std::lock_guard lock(posted_mutex_);
    work.swap(posted_);
    has_posted_.store(false, std::memory_order_release);
  }
  for (auto& item : work) {
    item();
  }
}

// --- when it runs
// -----------------------------------------------------------------------------------------

void Executor::notify() {
  // What was published before must be visible to the slice that our reading of kQueued relies on.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  State state = state_.load(std::memory_order_relaxed);
  for (;;) {
    if (state == kQueued || state == kRunningAgain) {
      return;
    }
    const State next = state == kIdle ? kQueued : kRunningAgain;
    if (state_.compare_exchange_weak(state, next, std::memory_order_seq_cst)) {
      if (next == kQueued) {
        scheduler_.submit(*this);
      }
      return;
    }
  }
}

void Executor::run() {
  state_.store(kRunning, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with the one in notify()
  slices_.fetch_add(1, std::memory_order_acq_rel);
  refresh_clock();
  running_since_.store(core_->now_ns, std::memory_order_relaxed);
  core_->slice_end_ns = core_->now_ns + ExecutorCore::kSliceNs;
  const std::int64_t began = core_->now_ns;
  const bool more = slice();
  core_->exchange.end_slice();
  running_since_.store(0, std::memory_order_relaxed);
  if (!tasks_.empty()) {
    tasks_.front()->counters().busy_ns.add(static_cast<std::uint64_t>(alarms_.now_ns() - began));
  }
  State running = kRunning;
  if (!more && state_.compare_exchange_strong(running, kIdle, std::memory_order_seq_cst)) {
    return;
  }
  state_.store(kQueued, std::memory_order_seq_cst);
  scheduler_.submit_again(*this);
}

bool Executor::quiet() const {
  return state_.load(std::memory_order_seq_cst) == kIdle &&
         inbox_size_.load(std::memory_order_seq_cst) == 0 &&
         !unfinished_.load(std::memory_order_acquire) &&
         !has_posted_.load(std::memory_order_acquire);
}

void Executor::alarm_at(std::int64_t when_ns) {
  if (armed_for_ > core_->now_ns && armed_for_ <= when_ns) {
    return;  // an earlier alarm is set; whoever wants a later one asks again then
  }
  armed_for_ = when_ns;
  alarms_.notify_at(*this, when_ns);
}

// --- full receivers
// ---------------------------------------------------------------------------------------

bool Executor::wait_for_room(Executor& waiter) {
  const std::lock_guard lock(waiters_mutex_);
  has_waiters_.store(true, std::memory_order_seq_cst);
  if (inbox_size_.load(std::memory_order_seq_cst) <= options_.high_mark / 2) {
    has_waiters_.store(!waiters_.empty(), std::memory_order_seq_cst);
    return false;  // it has emptied meanwhile
  }
  waiter.begin_waiting();
  waiters_.push_back(&waiter);
  return true;
}

void Executor::wake_waiters() {
  std::vector<Executor*> woken;
  {
    const std::lock_guard lock(waiters_mutex_);
    woken.swap(waiters_);
    has_waiters_.store(false, std::memory_order_seq_cst);
  }
  for (Executor* waiter : woken) {
    waiter->end_waiting();
  }
}

void Executor::end_waiting() {
  if (waiting_for_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    notify();
  }
}

bool Executor::must_pause() {
  core_->congested = false;
  std::ranges::sort(full_receivers_);
  // Not the algorithm of std::ranges, which Clang 14 cannot compile.
  full_receivers_.erase(std::unique(full_receivers_.begin(), full_receivers_.end()),
                        full_receivers_.end());
  for (Receiver* receiver : std::exchange(full_receivers_, {})) {
    receiver->wait_for_room(*this);
  }
  if (paused()) {
    tasks_.front()->counters().backpressured.add();
    return true;
  }
  return false;
}

// --- out
// --------------------------------------------------------------------------------------------------

void Executor::flush(bool all) {
  for (const auto& task : tasks_) {
    task->flush_batches(all ? 0 : options_.flush_after_ns);
  }
  if (!core_->records.empty()) {
    for (const auto& task : tasks_) {
      task->report_emits();
    }
  }
  core_->records.flush();
}

}  // namespace rafale::worker
