// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From assignments to slots.

#include "supervisor/desired.h"

#include <algorithm>

namespace rafale::supervisor {

std::map<std::uint32_t, Desired> desired_of(const std::string& supervisor,
                                            const ClusterReading& reading,
                                            const std::map<std::uint32_t, Slot>& slots) {
  std::map<std::uint32_t, Desired> desired;
  for (const auto& [id, assignment] : reading.assignments) {
    const coord::Assignment& value = assignment.value;
    for (const coord::WorkerAssignment& worker : value.workers) {
      if (worker.supervisor != supervisor) continue;
      desired[worker.port] = {id,
                              value.name,
                              worker.number,
                              worker.instance_base,
                              worker.executors,
                              value.plugin_sha256,
                              value.spec_sha256};
    }
  }
  for (const auto& [port, slot] : slots) {
    const std::string& topology = slot.wanted.topology;
    if (slot.state == SlotState::empty || desired.contains(port) ||
        reading.assignments.contains(topology)) {
      continue;
    }
    const bool buried = std::ranges::find(reading.tombstones, topology,
                                          &coord::Tombstone::topology) != reading.tombstones.end();
    if (!buried && !reading.topologies.contains(topology)) desired[port] = slot.wanted;
  }
  return desired;
}

}  // namespace rafale::supervisor
