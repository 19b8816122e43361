// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Waiting for ZooKeeper.

#include "coord/daemon_store.h"

#include <utility>

#include <spdlog/logger.h>

#include "common/daemon.h"
#include "common/log.h"
#include "coord/zookeeper_store.h"

namespace rafale::coord {

absl::StatusOr<std::unique_ptr<Store>> connect_to_zookeeper(const common::ClusterConfig& config,
                                                            const common::Clock& clock) {
  return connect_to_zookeeper({.servers = config.zookeeper_connect(),
                               .session = config.zookeeper_session,
                               .insecure = config.zookeeper_insecure},
                              clock);
}

std::string illness_of(const Store& store) {
  return store.connection() == Connection::connected ? "" : "ZooKeeper is away";
}

absl::StatusOr<bool> prepare_when_reachable(ClusterState& state,
                                            const common::ClusterConfig& config,
                                            const std::string& daemon) {
  bool told = false;
  for (;;) {
    absl::Status prepared = state.prepare();
    if (prepared.ok()) return true;
    if (absl::IsFailedPrecondition(prepared)) return prepared;
    if (!std::exchange(told, true)) {
      common::log::make(daemon)->info("waiting for ZooKeeper at {}", config.zookeeper_connect());
    }
    if (common::wait_for_end_or(std::chrono::milliseconds(20))) return false;
  }
}

}  // namespace rafale::coord
