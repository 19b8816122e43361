// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Placing tasks, following the others, and handing over what they send.

#include "worker/cluster/cluster_runtime.h"

#include <stdexcept>
#include <utility>
#include <vector>

namespace rafale::worker {

ClusterRuntime::ClusterRuntime(Topology topology, const Options& options, const Membership& members,
                               Transport& transport)
    : options_(options), transport_(transport) {
  TopologyRuntime::Options runtime;
  runtime.threads = options.threads;
  runtime.dead_letter_dir = options.dead_letter_dir;
  runtime.on_error = options.on_error;
  runtime.place = [this, &members](const Plan& plan) {
    auto placement = std::make_unique<Placement>(plan, options_.worker, options_.instance);
    place(*placement, plan, members, true);
    ways_ = std::make_unique<ClusterWays>(transport_, plan.task_count());
    ways_->placement = placement.get();
    return placement;
  };
  runtime.make_exchange = [this](Executor& from, const std::vector<Executor*>& by_task) {
    return std::make_unique<ClusterExchange>(from, by_task, *ways_);
  };
  if (!options.counter_file.empty()) {
    runtime.place_counters = [this](const Topology&, const Plan& plan, const Placement& placement) {
      auto layout = CounterLayout::create(options_.counter_file, plan, placement);
      if (!layout.ok()) throw std::runtime_error(std::string(layout.status().message()));
      counters_ = *std::move(layout);
      return [this](TaskId task) { return counters_->memory(task); };
    };
  }
  runtime_ = std::make_unique<TopologyRuntime>(std::move(topology), runtime);
}

/// Puts all executors where the assignment has them; `own` ones only when they are made.
void ClusterRuntime::place(Placement& placement, const Plan& plan, const Membership& members,
                           bool own) const {
  for (const AssignedWorker& worker : members.assignment().workers) {
    if (worker.number == options_.worker && !own) continue;
    for (const AssignedExecutor& executor : worker.executors) {
      const std::size_t index = plan.index(executor.component);
      const bool known = index < plan.components().size();
      const PlannedComponent* component = known ? &plan.components()[index] : nullptr;
      if (!known || component->fused() || executor.first_task < component->first_task ||
          executor.first_task > executor.last_task ||
          executor.last_task >= component->first_task + component->def->tasks) {
        throw std::invalid_argument("the assignment gives worker " + std::to_string(worker.number) +
                                    " tasks " + std::to_string(executor.first_task) + " to " +
                                    std::to_string(executor.last_task) + " of \"" +
                                    executor.component + "\", which the topology does not have");
      }
      placement.place(plan, index,
                      {executor.first_task - component->first_task,
                       executor.last_task - component->first_task + 1},
                      worker.number,
                      worker.number == options_.worker ? options_.instance
                                                       : members.instance_of(worker.number));
    }
  }
}

void ClusterRuntime::follow(const Membership& members, const Instances& lost) {
  place(runtime_->placement(), runtime_->plan(), members, false);
  const auto ways =
      std::make_shared<const std::vector<Destination>>(runtime_->placement().destinations());
  std::map<Executor*, std::vector<AssembledTask*>> by_executor;
  for (AssembledTask& task : runtime_->assembly().tasks()) {
    if (task.output != nullptr) by_executor[task.executor].push_back(&task);
  }
  for (const auto& [executor, tasks] : by_executor) {
    executor->post([tasks = tasks, lost, ways] {
      for (AssembledTask* task : tasks) {
        if (task->spout == nullptr) continue;
        for (const auto& [worker, instance] : lost) {
          task->spout->tracker().peer_lost(worker, instance);
        }
      }
      for (AssembledTask* task : tasks) task->output->rebind(*ways);
    });
  }
  // Whoever waited for a task that has moved asks anew.
  for (RemoteReceiver& receiver : ways_->receivers) receiver.wake();
}

void ClusterRuntime::send_floors() {
  const Assembly& assembly = runtime_->assembly();
  for (const AssembledTask& task : assembly.tasks()) {
    if (task.spout == nullptr) continue;
    const SpoutRef self = task.spout->tracker().self();
    const std::uint64_t floor = assembly.floors().floor(self);
    if (std::exchange(sent_floors_[self.task], floor) != floor) {
      transport_.send_floor(self, floor);
    }
  }
}

// --- what comes in

Executor* ClusterRuntime::executor_of(TaskId task) const {
  const auto& by_task = runtime_->assembly().by_task();
  return task < by_task.size() ? by_task[task] : nullptr;
}

void ClusterRuntime::on_batch(Batch* batch, std::uint32_t from_worker) {
  if (Executor* executor = executor_of(batch->to.task)) {
    executor->push(batch);
    return;
  }
  // For a task that is not ours: its roots fail by PEER_LOST.
  transport_.consumed(from_worker, batch->to.task, batch->bytes);
  batch->release();
}

void ClusterRuntime::on_records(TaskId spout_task, RecordBlock* block) {
  if (Executor* executor = executor_of(spout_task)) {
    executor->push(block);
  } else {
    block->home->give_back(block);
  }
}

void ClusterRuntime::on_floor(const SpoutRef& spout, std::uint64_t floor) {
  if (spout.task > runtime_->plan().task_count() || runtime_->placement().is_own(spout.task)) {
    return;
  }
  FloorBoard& board = runtime_->assembly().floors();
  if (board.floor(spout) == 0) board.start(spout);
  board.raise(spout, floor);
}

void ClusterRuntime::on_room(TaskId task) {
  if (task < ways_->receivers.size()) ways_->receivers[task].wake();
}

}  // namespace rafale::worker
