// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which tasks run in which worker, and which of them share an executor.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "worker/batch/batch.h"
#include "worker/runtime/plan.h"

namespace rafale::worker {

/// Tasks [first, last) of a component, as indices from 0, in one executor.
struct TaskRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(const TaskRange&, const TaskRange&) = default;
};

/// Where the tasks of a topology run. Set up by one thread; afterwards workers and instances may
/// change while others read, but never which tasks are our own: a worker whose tasks change gets a
/// new process.
class Placement {
 public:
  /// The worker of a task that no worker runs yet.
  static constexpr std::uint32_t kNowhere = ~0u;

  /// Everything in this process, executors as the topology declares them.
  explicit Placement(const Plan& plan);
  /// Nothing yet, in worker `own` as its instance `instance`; see place().
  Placement(const Plan& plan, std::uint32_t own, std::uint32_t instance);

  /// Puts an executor of the component, and what is fused into it, into a worker.
  void place(const Plan& plan, std::size_t component, TaskRange tasks, std::uint32_t worker,
             std::uint32_t instance);
  /// `worker` is a newer instance now. Returns whether that changed anything. Any thread.
  bool renew(std::uint32_t worker, std::uint32_t instance);
  /// Moves a task of others. Any thread.
  void move(TaskId task, std::uint32_t worker, std::uint32_t instance);

  std::uint32_t worker() const { return own_; }
  std::uint32_t instance() const { return instance_; }
  bool is_own(TaskId task) const { return worker_of(task) == own_; }
  std::uint32_t worker_of(TaskId task) const {
    return entries_[task].worker.load(std::memory_order_acquire);
  }
  Destination destination(TaskId task) const {
    return {.task = task,
            .worker = worker_of(task),
            .instance = entries_[task].instance.load(std::memory_order_acquire)};
  }
  /// Of all tasks, for TaskOutput::rebind().
  std::vector<Destination> destinations() const;
  /// Executors of a component in this worker.
  const std::vector<TaskRange>& executors(std::size_t component) const {
    return executors_[component];
  }

 private:
  struct Entry {
    std::atomic<std::uint32_t> worker{kNowhere};
    std::atomic<std::uint32_t> instance{0};
  };

  TaskId tasks_;
  std::unique_ptr<Entry[]> entries_;               // by task
  std::vector<std::vector<TaskRange>> executors_;  // [component]
  std::uint32_t own_ = 0;
  std::uint32_t instance_ = 1;
};

}  // namespace rafale::worker
