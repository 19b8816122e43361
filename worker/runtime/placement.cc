// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Tasks of components, and of what is fused into them.

#include "worker/runtime/placement.h"

namespace rafale::worker {

Placement::Placement(const Plan& plan) : Placement(plan, 0, 1) {
  for (std::size_t c = 0; c < plan.components().size(); ++c) {
    const PlannedComponent& component = plan.components()[c];
    for (std::uint32_t e = 0; !component.fused() && e < component.def->executors; ++e) {
      const auto [first, last] = Plan::tasks_of(*component.def, e);
      place(plan, c, {first, last}, own_, instance_);
    }
  }
}

Placement::Placement(const Plan& plan, std::uint32_t own, std::uint32_t instance)
    : tasks_(plan.task_count()),
      entries_(std::make_unique<Entry[]>(plan.task_count() + std::size_t{1})),
      executors_(plan.components().size()),
      own_(own),
      instance_(instance) {}

void Placement::place(const Plan& plan, std::size_t component, TaskRange tasks,
                      std::uint32_t worker, std::uint32_t instance) {
  const auto& components = plan.components();
  for (std::uint32_t i = tasks.first; i < tasks.last; ++i) {
    move(components[component].first_task + i, worker, instance);
  }
  if (worker == own_ && !components[component].fused()) executors_[component].push_back(tasks);
  for (std::size_t c = 0; c < components.size(); ++c) {
    if (components[c].fused_into == component) place(plan, c, tasks, worker, instance);
  }
}

bool Placement::renew(std::uint32_t worker, std::uint32_t instance) {
  bool changed = false;
  for (TaskId task = 1; task <= tasks_; ++task) {
    Entry& entry = entries_[task];
    if (entry.worker.load() != worker || entry.instance.load() >= instance) continue;
    entry.instance.store(instance, std::memory_order_release);
    changed = true;
  }
  return changed;
}

void Placement::move(TaskId task, std::uint32_t worker, std::uint32_t instance) {
  entries_[task].instance.store(instance, std::memory_order_release);
  entries_[task].worker.store(worker, std::memory_order_release);
}

std::vector<Destination> Placement::destinations() const {
  std::vector<Destination> all;
  all.reserve(tasks_);
  for (TaskId task = 1; task <= tasks_; ++task) all.push_back(destination(task));
  return all;
}

}  // namespace rafale::worker
