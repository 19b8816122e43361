// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The loop of the alarm thread.
#include "worker/executor/alarm_thread.h"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>

namespace rafale::worker {

AlarmThread::AlarmThread(const common::Clock& clock, std::function<void(std::int64_t)> watch)
    : clock_(clock), watch_(std::move(watch)), thread_([this] { loop(); }) {}

AlarmThread::~AlarmThread() { stop(); }

void AlarmThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void AlarmThread::notify_at(Executor& executor, std::int64_t when_ns) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = alarms_.empty() || when_ns < alarms_.top().first;
    alarms_.emplace(when_ns, &executor);
  }
  if (first) {
    changed_.notify_one();
  }
}

void AlarmThread::loop() {
  prctl(PR_SET_TIMERSLACK, 1000UL);  // ns; the default lets every pause last 50 us longer
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::int64_t now = clock_.now_ns();
    while (!alarms_.empty() && alarms_.top().first <= now) {
      Executor* executor = alarms_.top().second;
      alarms_.pop();
      executor->notify();  // takes no lock of ours
    }
    lock.unlock();
    watch_(now);
    lock.lock();
    if (stopping_) {
      return;
    }
    std::int64_t wake = now + kWatchNs;
    if (!alarms_.empty()) {
      wake = std::min(wake, alarms_.top().first);
    }
    changed_.wait_for(lock, std::chrono::nanoseconds(wake - now));
  }
}

}  // namespace rafale::worker
