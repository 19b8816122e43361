// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The way from one executor to the others of the same process.
#pragma once

#include <vector>

#include "worker/executor/executor.h"

namespace rafale::worker {

/// Of one sending executor. `by_task` has the executor of every task, by task number; shared by
/// all.
class LocalExchange final : public Exchange {
 public:
  LocalExchange(Executor& from, const std::vector<Executor*>& by_task)
      : from_(from), by_task_(by_task) {}

  bool deliver(Batch* batch) override { return by_task_[batch->to.task]->push(batch); }

  void will_wait_for(TaskId task) override { from_.add_full_receiver(*by_task_[task]); }

  void deliver(TaskId spout_task, RecordBlock* block) override {
    by_task_[spout_task]->push(block);
  }

 private:
  Executor& from_;
  const std::vector<Executor*>& by_task_;
};

}  // namespace rafale::worker
