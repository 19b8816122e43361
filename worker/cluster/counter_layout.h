// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counters of tasks in a file that outlives the worker.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/counter_file.h"
#include "worker/runtime/placement.h"

namespace rafale::worker {

/// Makes the file for our tasks and says where each one's counters lie in it: TaskCounters and its
/// ports, as CounterMemory wants them. Names are "COMPONENT|KIND|STREAM|TASK"; a supervisor reads
/// them so. Must outlive the tasks.
class CounterLayout {
 public:
  static absl::StatusOr<std::unique_ptr<CounterLayout>> create(const std::string& path,
                                                               const Plan& plan,
                                                               const Placement& placement);
  /// Null for a task of another worker.
  void* memory(TaskId task);

 private:
  std::unique_ptr<common::CounterFile> file_;
  std::vector<std::size_t> first_block_;  // by task
};

}  // namespace rafale::worker
