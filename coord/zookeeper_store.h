// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The store in ZooKeeper.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "coord/store.h"

namespace rafale::coord {

struct ZookeeperOptions {
  std::string servers;  ///< "a:2181,b:2181"
  std::chrono::milliseconds session{6000};
  /// Debian's client has no TLS: a server off loopback needs this, or a local tunnel.
  bool insecure = false;
};

/// Connects in the background; connection() says when it is there. Makes a new session by itself
/// when one has expired. FAILED_PRECONDITION for a server off loopback without `insecure`. One
/// thread of its own for watchers and the lease, besides the two of the C client.
absl::StatusOr<std::unique_ptr<Store>> connect_to_zookeeper(const ZookeeperOptions& options,
                                                            const common::Clock& clock);

}  // namespace rafale::coord
