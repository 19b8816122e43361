// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the cluster's state wants of this machine's slots. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "coord/cluster_state.h"
#include "coord/types.h"
#include "supervisor/reconciler.h"

namespace rafale::supervisor {

/// What was read at one moment; all of it, or none.
struct ClusterReading {
  std::map<std::string, coord::Versioned<coord::Assignment>> assignments{};
  std::map<std::string, coord::Versioned<coord::TopologyRecord>> topologies{};
  std::vector<coord::Tombstone> tombstones{};
};

/// By port. A slot whose topology is unknown, and has no tombstone, goes on: nothing ends for being
/// absent.
std::map<std::uint32_t, Desired> desired_of(const std::string& supervisor,
                                            const ClusterReading& reading,
                                            const std::map<std::uint32_t, Slot>& slots);

}  // namespace rafale::supervisor
