// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A pool of threads that run executors to completion.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "worker/executor/event_count.h"
#include "worker/executor/executor.h"

namespace rafale::worker {

/// As many threads as cores, a shared queue, and for each thread one slot for the executor that it
/// made ready last: its input is still in this core's cache. A thread without work takes from the
/// queue, then from the others' slots, then sleeps. A slice that lasts longer than kSlowSliceNs
/// gets a substitute thread, so that a component that blocks without having said so stops nobody's
/// acks.
class Pool final : public Scheduler {
 public:
  static constexpr std::int64_t kSlowSliceNs = 100'000'000;
  /// Most substitutes at a time.
  static constexpr std::size_t kMaxSubstitutes = 64;

  /// `on_slow` gets the component of a slow slice, once each.
  Pool(unsigned threads, std::function<void(const std::string& component)> on_slow);
  ~Pool() override;

  void submit(Executor& executor) override;
  void submit_again(Executor& executor) override;
  /// Looks for slow slices; to be called every now and then.
  void watch(std::int64_t now_ns);
  /// Ends the threads after the slices that run.
  void stop();

 private:
  struct Thread {
    std::atomic<Executor*> slot{nullptr};
    std::atomic<Executor*> running{nullptr};
    bool substituted = false;  // guarded by mutex_, as is the next
    bool ended = false;        // free for the next substitute
    int slot_turns = 0;        // the thread's own
    std::thread handle;
  };

  void add_thread();
  bool enqueue(Executor& executor);
  void loop(Thread& self);
  Executor* next(Thread& self);
  Executor* from_queue();
  bool leave_if_surplus(Thread& self);

  static thread_local Thread* current_;
  static thread_local Pool* current_pool_;

  std::function<void(const std::string&)> on_slow_;
  std::mutex mutex_;  // guards the queue, the list of threads and the substitutions
  std::deque<Executor*> queue_;
  std::atomic<std::size_t> queued_{0};
  std::vector<std::unique_ptr<Thread>> threads_;  // grows only, up to the limit reserved
  std::atomic<std::size_t> thread_count_{0};
  std::atomic<std::size_t> substitutes_{0};
  std::vector<std::string> reported_;
  EventCount work_;
  std::atomic<bool> stopping_{false};
};

}  // namespace rafale::worker
