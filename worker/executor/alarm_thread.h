// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The one thread that waits for time to pass.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "worker/executor/executor.h"

namespace rafale::worker {

/// Ticks, time-outs, pauses of spouts: notifies executors when their time has come, and calls
/// `watch` every kWatchNs while anything runs.
class AlarmThread final : public AlarmClock {
 public:
  static constexpr std::int64_t kWatchNs = 50'000'000;

  AlarmThread(const common::Clock& clock, std::function<void(std::int64_t now_ns)> watch);
  ~AlarmThread() override;

  std::int64_t now_ns() const override { return clock_.now_ns(); }
  void notify_at(Executor& executor, std::int64_t when_ns) override;
  /// No executor is notified after this returns.
  void stop();

 private:
  void loop();

  const common::Clock& clock_;
  std::function<void(std::int64_t)> watch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  using Alarm = std::pair<std::int64_t, Executor*>;
  std::priority_queue<Alarm, std::vector<Alarm>, std::greater<>> alarms_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rafale::worker
