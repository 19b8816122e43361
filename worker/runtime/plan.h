// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which tasks a topology has, what numbers they bear, and which run inside which.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rafale/topology.h"

namespace rafale::worker {

/// One component in the plan. Indices are those of Topology::components.
struct PlannedComponent {
  static constexpr std::size_t kNone = ~std::size_t{0};

  const ComponentDef* def = nullptr;
  TaskId first_task = 0;           ///< its tasks are numbered from here without gaps
  std::size_t fused_into = kNone;  ///< the producer in whose turn it runs
  std::vector<bool> cyclic_input;  ///< by input: whether the producer can be reached from here

  bool fused() const { return fused_into != kNone; }
};

/// Pure: the same topology gives the same plan in every process. `topology` must outlive it.
class Plan {
 public:
  Plan(const Topology& topology, bool fuse);

  const std::vector<PlannedComponent>& components() const { return components_; }
  std::size_t index(std::string_view component) const;
  TaskId task_count() const { return tasks_; }
  /// The component of a task, or an empty name for a number that no task has.
  std::string_view component_of(TaskId task) const;
  /// Tasks [first, last) of executor number `executor` of the component, as indices from 0.
  static std::pair<std::uint32_t, std::uint32_t> tasks_of(const ComponentDef& def,
                                                          std::uint32_t executor);

 private:
  bool reaches(std::size_t from, std::size_t to) const;
  bool may_fuse(std::size_t child) const;

  std::vector<PlannedComponent> components_;
  TaskId tasks_ = 0;
};

}  // namespace rafale::worker
