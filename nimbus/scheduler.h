// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which executors run in which worker, and which worker in which slot. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coord/types.h"

namespace rafale::nimbus {

/// A slot that nobody uses.
struct Slot {
  std::string supervisor{};
  std::string host{};
  std::uint32_t port = 0;
};

struct ScheduleInput {
  const coord::TopologyRecord* record = nullptr;
  const coord::TopologySpec* spec = nullptr;
  const coord::Assignment* present = nullptr;  ///< null: none yet
  std::set<std::uint32_t> lost{};              ///< workers of `present` whose slot is gone
  std::vector<Slot> free{};
  bool spouts_active = true;
};

/// The next assignment, with an epoch above the present one. As even as can be: loads of workers
/// differ by at most one executor, the executors of each component are spread, workers go to the
/// supervisors with the most free slots. What runs stays: a worker keeps its slot and as many of
/// its executors as evenness allows; one that keeps all of both keeps its process. Workers for
/// which there is no slot are left out, and their executors go to the others; if there is no slot
/// at all the assignment has no workers.
coord::Assignment schedule(const ScheduleInput& input);

/// Executors of the topology that are scheduled: of components that are not fused into others,
/// with the record's overrides.
std::vector<coord::ExecutorAssignment> executors_of(const coord::TopologySpec& spec,
                                                    const coord::TopologyRecord& record);

/// What is odd about a topology's spread though it can run so; for whoever submits it.
std::vector<std::string> placement_notes(const coord::TopologySpec& spec);

}  // namespace rafale::nimbus
