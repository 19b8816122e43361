// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Asking one after the other.

#include "nimbus/peers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/host_port.h"
#include "nimbus/peer_client.h"
#include "nimbus/stats_codec.h"

namespace rafale::nimbus {

PeerGroup::PeerGroup(coord::ClusterState& state, std::string self_id, common::Security security,
                     BlobStore& blobs)
    : state_(state), self_id_(std::move(self_id)), security_(std::move(security)), blobs_(blobs) {}

std::vector<std::string> PeerGroup::others() const {
  std::vector<std::string> addresses;
  const auto nimbuses = state_.nimbuses();
  if (!nimbuses.ok()) return addresses;
  for (const coord::NimbusInfo& nimbus : *nimbuses) {
    if (nimbus.id != self_id_) addresses.push_back(common::host_port(nimbus.host, nimbus.port));
  }
  return addresses;
}

absl::Status PeerGroup::replicate(const std::string& sha256) {
  const std::vector<std::string> addresses = others();
  if (addresses.empty()) return absl::OkStatus();
  const auto bytes = blobs_.get(sha256);
  if (!bytes.ok()) return bytes.status();
  absl::Status status;
  for (const std::string& address : addresses) {
    status = push_blob(address, security_, sha256, *bytes);
    if (status.ok()) return status;
  }
  // One that has just died is no reason to refuse: it will not lead with a gap, as a new leader
  // fetches what it lacks.
  return absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

absl::Status PeerGroup::fetch(const std::string& sha256) {
  absl::Status status = absl::NotFoundError(absl::StrCat("no other Nimbus has blob ", sha256));
  for (const std::string& address : others()) {
    const auto bytes = pull_blob(address, security_, sha256);
    if (!bytes.ok()) continue;
    const auto stored = blobs_.put(*bytes);
    if (stored.ok() && *stored == sha256) return absl::OkStatus();
  }
  return status;
}

void PeerGroup::push_totals(const std::string& topology, const StatsBook& stats) {
  const std::vector<std::string> addresses = others();
  if (addresses.empty()) return;
  const v1::StoredTotals totals = stats.store(topology);
  for (const std::string& address : addresses) {
    nimbus::push_totals(address, security_, topology, totals).IgnoreError();
  }
}

}  // namespace rafale::nimbus
