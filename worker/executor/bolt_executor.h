// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// An executor whose tasks are those of a bolt that takes batches.
#pragma once

#include <memory>
#include <vector>

#include "worker/executor/bolt_task.h"
#include "worker/executor/executor.h"
#include "worker/executor/tick_table.h"

namespace rafale::worker {

class BoltExecutor final : public Executor {
 public:
  /// Batches in one slice; then others have their turn.
  static constexpr int kBatchesPerSlice = 16;

  using Executor::Executor;

  /// `inputs` take batches (they are the component's tasks), `fused` run inside them. All use
  /// `core`, which must outlive every executor that gets batches from this one.
  void wire(ExecutorCore& core, std::vector<std::unique_ptr<BoltTask>> inputs,
            std::vector<std::unique_ptr<BoltTask>> fused);
  /// On the executor's thread.
  TickTable& ticks() { return ticks_; }

 protected:
  bool slice() override;

 private:
  bool work();
  BoltTask& task_of(const Batch& batch);

  std::vector<BoltTask*> inputs_;
  std::vector<BoltTask*> fused_;
  BoltTask* in_work_ = nullptr;  // has a batch that it could not finish
  TickTable ticks_;
};

}  // namespace rafale::worker
