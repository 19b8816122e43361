// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The way out of an executor whose topology runs in several workers.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "worker/executor/executor.h"
#include "worker/runtime/placement.h"
#include "worker/transport/transport.h"

namespace rafale::worker {

/// Executors that wait until a task elsewhere has room. Any thread.
class RemoteReceiver final : public Receiver {
 public:
  RemoteReceiver(const Transport& transport, TaskId task) : transport_(transport), task_(task) {}
  bool wait_for_room(Executor& waiter) override;
  /// There is room: all go on.
  void wake();

 private:
  const Transport& transport_;
  TaskId task_;
  std::mutex mutex_;
  std::vector<Executor*> waiters_;
};

/// What the exchanges of one worker share.
struct ClusterWays {
  ClusterWays(Transport& t, TaskId tasks) : transport(t) {
    for (TaskId task = 0; task <= tasks; ++task) receivers.emplace_back(t, task);
  }
  Transport& transport;
  const Placement* placement = nullptr;  ///< set before the first executor runs
  std::deque<RemoteReceiver> receivers;  ///< by task
};

/// Of one sending executor: to inboxes of this process, or to links. HOT PATH.
class ClusterExchange final : public Exchange {
 public:
  ClusterExchange(Executor& from, const std::vector<Executor*>& by_task, ClusterWays& ways)
      : from_(from), by_task_(by_task), ways_(ways) {}

  bool deliver(Batch* batch) override {
    if (Executor* here = by_task_[batch->to.task]) return here->push(batch);
    if (batch->to.worker == Placement::kNowhere) {  // no slot for it yet: the trees time out
      batch->release();
      return true;
    }
    touch(batch->to.worker);
    return ways_.transport.send(batch);
  }
  void will_wait_for(TaskId task) override {
    Executor* here = by_task_[task];
    if (here != nullptr) {
      from_.add_full_receiver(*here);
    } else {
      from_.add_full_receiver(ways_.receivers[task]);
    }
  }
  void deliver(TaskId spout_task, RecordBlock* block) override {
    Executor* here = by_task_[spout_task];
    if (here != nullptr) {
      here->push(block);
    } else {
      const std::uint32_t worker = ways_.placement->worker_of(spout_task);
      touch(worker);
      ways_.transport.send(worker, spout_task, block);
    }
  }
  void end_slice() override {
    for (const std::uint32_t worker : touched_) ways_.transport.flush(worker);
    touched_.clear();
  }
  void consumed(const Batch& batch) override {
    ways_.transport.consumed(batch.origin, batch.to.task, batch.bytes);
  }

 private:
  void touch(std::uint32_t worker) {
    if (touched_.empty() || touched_.back() != worker) touched_.push_back(worker);
  }

  Executor& from_;
  const std::vector<Executor*>& by_task_;
  ClusterWays& ways_;
  std::vector<std::uint32_t> touched_;  // workers that were sent something in this slice
};

}  // namespace rafale::worker
