// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Slices of a bolt's executor. HOT PATH.
#include "worker/executor/bolt_executor.h"

#include <algorithm>
#include <utility>

namespace rafale::worker {
void BoltExecutor::wire(ExecutorCore& core, std::vector<std::unique_ptr<BoltTask>> inputs,
                        std::vector<std::unique_ptr<BoltTask>> fused) {
  set_core(core);
  for (auto& task : inputs) {
    inputs_.push_back(task.get());
    tasks_.push_back(std::move(task));
  }
  for (auto& task : fused) {
    fused_.push_back(task.get());
    tasks_.push_back(std::move(task));
  }
}

BoltTask& BoltExecutor::task_of(const Batch& batch) {
  return **std::ranges::find(inputs_, batch.to.task, [](const BoltTask* t) { return t->task(); });
}

bool BoltExecutor::slice() {
  run_posted();
  if (retired()) {
    return false;
  }
  if (paused()) {
    flush(true);
    return false;
  }
  ticks_.run(core().now_ns);
  const bool more = work();
  const bool pause = core().congested && must_pause();
  // Batches leave when there is nothing more to add to them now.
  flush(pause || !more);
  set_unfinished(pause || in_work_ != nullptr);
  if (const std::int64_t due = ticks_.next_ns(); due != 0) {
    alarm_at(due);
  }
  return (more || in_work_ != nullptr) && !pause;
}

/// Returns true if the inbox may hold more.
bool BoltExecutor::work() {
  for (int i = 0; i < kBatchesPerSlice; ++i) {
    if (core().congested) {
      return true;
    }
    bool done = true;
    if (in_work_ != nullptr) {
      done = in_work_->resume();
    } else if (Batch* batch = pop_batch()) {
      in_work_ = &task_of(*batch);
      done = in_work_->process(batch);
    } else {
      return false;
    }
    if (done) {
      in_work_ = nullptr;
    }
    for (BoltTask* task : fused_) {
      task->flush_bolt();
    }
    refresh_clock();
    if (!done || core().now_ns >= core().slice_end_ns) {
      return true;
    }
    flush(false);
  }
  return true;
}

}  // namespace rafale::worker
