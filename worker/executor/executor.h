// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// An executor: tasks that share a thread turn, the queues that feed them, and when they run.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/cache_line.h"
#include "worker/ack/record.h"
#include "worker/batch/batch.h"
#include "worker/batch/mpsc_queue.h"
#include "worker/executor/core.h"
#include "worker/executor/task_output.h"

namespace rafale::worker {

class Executor;

/// What may have more waiting than it should: an executor's inbox, or a task elsewhere.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// If it is full: remembers the executor, which has begun_waiting(), and tells it when there is
  /// room. False if there is room.
  virtual bool wait_for_room(Executor& waiter) = 0;
};

/// Gives executors thread time.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  /// Has executor.run() called once, soon, on some thread. Any thread.
  virtual void submit(Executor& executor) = 0;
  /// The same for one that has just run and wants to go on: others come first.
  virtual void submit_again(Executor& executor) { submit(executor); }
};

/// Calls notify() later.
class AlarmClock {
 public:
  virtual ~AlarmClock() = default;
  virtual std::int64_t now_ns() const = 0;
  /// Any thread.
  virtual void notify_at(Executor& executor, std::int64_t when_ns) = 0;
};

/// What runs one after the other on one thread at a time: some tasks of one component and whatever
/// is fused to them. Three queues lead in: batches (with a mark that makes producers pause),
/// records for trackers (never held up: their number is bounded by the edges in flight) and work
/// handed over by other threads. Whoever fills a queue calls notify(); the executor then runs until
/// it finds all of them empty.
class alignas(common::kCacheLines) Executor : public Receiver {
 public:
  struct Options {
    std::string component;
    std::size_t high_mark = 64;  ///< batches in the inbox at which producers pause
    std::int64_t flush_after_ns = 1'000'000;
  };
  Executor(Options options, Scheduler& scheduler, AlarmClock& alarms);
  ~Executor() override;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // --- any thread
  // ---------------------------------------------------------------------------------
  /// Takes the batch. Returns false if the inbox is above its mark; then the producer should stop
  /// and call wait_for_room().
  bool push(Batch* batch);
  bool wait_for_room(Executor& waiter) override;
  void push(RecordBlock* block);
  void post(std::function<void()> work);
  /// For receivers that remember this executor, on its thread.
  void begin_waiting() { waiting_for_.fetch_add(1, std::memory_order_acq_rel); }
  /// One of them has room again.
  void end_waiting();
  /// To be asked whether they are full, at the end of the slice. On the executor's thread.
  void add_full_receiver(Receiver& receiver) { full_receivers_.push_back(&receiver); }
  /// There is something to do.
  void notify();
  std::size_t queued() const { return inbox_size_.load(std::memory_order_relaxed); }
  /// Nothing queued, nothing running, nothing half done.
  bool quiet() const;
  /// Slices run so far: two equal readings around quiet() of all executors mean that all is done.
  std::uint64_t slices() const { return slices_.load(std::memory_order_acquire); }
  /// When the slice that runs now began, or 0.
  std::int64_t running_since() const { return running_since_.load(std::memory_order_relaxed); }

  // --- the scheduler's thread
  // ---------------------------------------------------------------------
  /// One slice.
  void run();
  /// From now on only posted work is done: the tasks were cleaned up. On the executor's thread.
  void retire() { retired_ = true; }

  ExecutorCore& core() { return *core_; }
  const ExecutorCore& core() const { return *core_; }
  const std::string& component() const { return options_.component; }

 protected:
  /// For subclasses when they are wired.
  void set_core(ExecutorCore& core) { core_ = &core; }
  /// Does some work. Returns true if there is more to do at once.
  virtual bool slice() = 0;

  void refresh_clock() { core_->now_ns = alarms_.now_ns(); }
  Batch* pop_batch();
  RecordBlock* pop_records() { return control_.pop(); }
  void run_posted();
  /// After core().congested: registers with the full receivers. True if the executor must pause.
  bool must_pause();
  bool retired() const { return retired_; }
  bool paused() const { return waiting_for_.load(std::memory_order_acquire) != 0; }
  /// Sends what the tasks wrote: batches older than flush_after_ns or, if `all`, every one; then
  /// the records.
  void flush(bool all);
  void alarm_at(std::int64_t when_ns);

  std::vector<std::unique_ptr<TaskOutput>> tasks_;

 private:
  enum State : std::uint8_t { kIdle, kQueued, kRunning, kRunningAgain };

  void wake_waiters();

  Options options_;
  Scheduler& scheduler_;
  AlarmClock& alarms_;
  ExecutorCore* core_ = nullptr;

  std::atomic<State> state_{kIdle};
  std::atomic<std::uint64_t> slices_{0};
  std::atomic<std::int64_t> running_since_{0};
  std::atomic<bool> unfinished_{false};  // a batch in work, or paused

  MpscQueue<Batch> inbox_;
  alignas(64) std::atomic<std::size_t> inbox_size_{0};
  MpscQueue<RecordBlock> control_;
  std::mutex posted_mutex_;
  std::deque<std::function<void()>> posted_;
  std::atomic<bool> has_posted_{false};

  // Producers that wait for room here, and receivers that this executor waits for.
  std::mutex waiters_mutex_;
  std::vector<Executor*> waiters_;
  std::atomic<bool> has_waiters_{false};
  std::vector<Receiver*> full_receivers_;
  std::atomic<std::uint32_t> waiting_for_{0};
  std::int64_t armed_for_ = 0;
  bool retired_ = false;

 protected:
  void set_unfinished(bool on) { unfinished_.store(on, std::memory_order_release); }
};

}  // namespace rafale::worker
