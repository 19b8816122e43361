// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A thread for one executor whose component declares that it blocks.
#pragma once

#include <atomic>
#include <thread>

#include "worker/executor/event_count.h"
#include "worker/executor/executor.h"

namespace rafale::worker {

/// Runs its executor and no other. The thread starts with the first submit().
class DedicatedThread final : public Scheduler {
 public:
  DedicatedThread() = default;
  ~DedicatedThread() override { stop(); }
  void submit(Executor& executor) override;
  /// Ends the thread after the slice that runs.
  void stop();

 private:
  void loop();

  std::atomic<Executor*> ready_{nullptr};
  std::atomic<bool> stopping_{false};
  std::once_flag started_;
  EventCount work_;
  std::thread thread_;
};

}  // namespace rafale::worker
