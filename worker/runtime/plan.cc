// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Numbering, cycles and fusion.
#include "worker/runtime/plan.h"

#include <algorithm>
#include <utility>

namespace rafale::worker {

Plan::Plan(const Topology& topology, bool fuse) {
  TaskId next = 1;
  for (const ComponentDef& def : topology.components) {
    components_.push_back({.def = &def, .first_task = next, .cyclic_input = {}});
    next += def.tasks;
  }
  tasks_ = next - 1;
  for (std::size_t i = 0; i < components_.size(); ++i) {
    for (const InputDef& input : components_[i].def->inputs) {
      components_[i].cyclic_input.push_back(reaches(i, index(input.component)));
    }
  }
  for (std::size_t i = 0; fuse && i < components_.size(); ++i) {
    if (may_fuse(i)) {
      components_[i].fused_into = index(components_[i].def->inputs[0].component);
    }
  }
}

std::size_t Plan::index(std::string_view component) const {
  const auto it = std::ranges::find(components_, component,
                                    [](const auto& c) -> std::string_view { return c.def->name; });
  return static_cast<std::size_t>(it - components_.begin());
}

std::string_view Plan::component_of(TaskId task) const {
  for (const PlannedComponent& component : components_) {
    if (task >= component.first_task && task < component.first_task + component.def->tasks) {
      return component.def->name;
    }
  }
  return {};
}

std::pair<std::uint32_t, std::uint32_t> Plan::tasks_of(const ComponentDef& def,
                                                       std::uint32_t executor) {
  const auto bound = [&def](std::uint64_t e) {
    return static_cast<std::uint32_t>(e * def.tasks / def.executors);
  };
  return {bound(executor), bound(executor + std::uint64_t{1})};
}

/// Whether tuples of `from` can come to `to`.
bool Plan::reaches(std::size_t from, std::size_t to) const {
  std::vector<bool> seen(components_.size());
  std::vector<std::size_t> open{from};
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    if (at == to) {
      return true;
    }
    for (std::size_t i = 0; i < components_.size(); ++i) {
      const auto& inputs = components_[i].def->inputs;
      if (!seen[i] && std::ranges::any_of(inputs, [&](const InputDef& input) {
            return input.component == components_[at].def->name;
          })) {
        seen[i] = true;
        open.push_back(i);
      }
    }
  }
  return false;
}

/// A bolt runs inside its producer's turn if it can have no other input than that one task's: one
/// subscription, as many tasks, and a grouping by which task i hears from task i only.
bool Plan::may_fuse(std::size_t child) const {
  const ComponentDef& def = *components_[child].def;
  if (def.inputs.size() != 1 || def.blocking || !def.fuse || components_[child].cyclic_input[0]) {
    return false;
  }
  const ComponentDef& parent = *components_[index(def.inputs[0].component)].def;
  if (parent.blocking || parent.tasks != def.tasks || parent.executors != def.executors) {
    return false;
  }
  const Grouping::Kind kind = def.inputs[0].grouping.kind;
  return kind == Grouping::Kind::local_or_shuffle ||
         (def.tasks == 1 && kind != Grouping::Kind::direct);
}

}  // namespace rafale::worker
