// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How a daemon comes to its store, and what it says of it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/cluster_config.h"
#include "coord/cluster_state.h"
#include "coord/store.h"

namespace rafale::coord {

/// connect_to_zookeeper() with the settings of a daemon. `clock` outlives the store.
absl::StatusOr<std::unique_ptr<Store>> connect_to_zookeeper(const common::ClusterConfig& config,
                                                            const common::Clock& clock);

/// What ails the daemon, for its health page; "" while ZooKeeper answers.
std::string illness_of(const Store& store);

/// Prepares the tree as soon as ZooKeeper answers, which may be later; says in the log of `daemon`
/// that it waits. False if SIGTERM or SIGINT came first; FAILED_PRECONDITION for a tree of another
/// version.
absl::StatusOr<bool> prepare_when_reachable(ClusterState& state,
                                            const common::ClusterConfig& config,
                                            const std::string& daemon);

}  // namespace rafale::coord
