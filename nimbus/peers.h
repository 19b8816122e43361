// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The other Nimbus of the cluster.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/security.h"
#include "coord/cluster_state.h"
#include "nimbus/blob_store.h"

namespace rafale::nimbus {

class StatsBook;

/// Blobs and totals are kept by two, if two live. Any thread; calls block.
class PeerGroup {
 public:
  PeerGroup(coord::ClusterState& state, std::string self_id, common::Security security,
            BlobStore& blobs);
  /// OK if another has it or there is no other.
  absl::Status replicate(const std::string& sha256);
  absl::Status fetch(const std::string& sha256);
  void push_totals(const std::string& topology, const StatsBook& stats);

 private:
  std::vector<std::string> others() const;

  coord::ClusterState& state_;
  const std::string self_id_;
  const common::Security security_;
  BlobStore& blobs_;
};

}  // namespace rafale::nimbus
