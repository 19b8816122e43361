// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sums of what the tasks counted.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/metrics/snapshot.h"
#include "worker/runtime/assembly.h"

namespace rafale::worker {

/// Of all spouts. Any thread.
TopologyStats totals(const std::vector<AssembledTask>& tasks, std::int64_t uptime_ns);
/// Of all components. Any thread.
Snapshot take_snapshot(const Plan& plan, const std::vector<AssembledTask>& tasks,
                       const ErrorBook& errors, std::int64_t uptime_ns);

}  // namespace rafale::worker
