// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The cluster's nodes as typed values. docs/zookeeper-layout.md has the paths.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/store.h"
#include "coord/types.h"

namespace rafale::coord {

template <class T>
struct Versioned {
  T value;
  std::int32_t version = 0;
};

/// Proof of leadership that each of a leader's writes checks: a write of one who lost it, perhaps
/// without knowing, fails with ABORTED.
struct LeaderToken {
  std::string node;          ///< of the election, ephemeral and with a GUID in its name
  std::int64_t created = 0;  ///< the leader's epoch: rises from leader to leader
};

/// Reads and writes the cluster's nodes. Any thread; blocks like Store; errors are Store's, and
/// DATA_LOSS, naming the node, for a payload that cannot be decoded or is of a newer layout.
class ClusterState {
 public:
  /// Everything lies below `root`, "/rafale" by default.
  ClusterState(Store& store, std::string root);

  /// Makes the fixed nodes; FAILED_PRECONDITION if another layout version is there.
  absl::Status prepare();

  // --- registrations, ephemeral; see registration.h for keeping them alive
  std::string election_path() const;
  std::string supervisor_path(const std::string& id) const;
  /// Candidates of the election; see election.h.
  absl::StatusOr<std::vector<NimbusInfo>> nimbuses();
  absl::StatusOr<std::vector<SupervisorInfo>> supervisors();

  // --- read by all
  absl::StatusOr<std::map<std::string, Versioned<TopologyRecord>>> topologies();  ///< by id
  absl::StatusOr<Versioned<TopologyRecord>> topology(const std::string& id);
  absl::StatusOr<std::map<std::string, Versioned<Assignment>>> assignments();  ///< by topology
  absl::StatusOr<Versioned<Assignment>> assignment(const std::string& topology);
  absl::StatusOr<std::vector<ErrorEntry>> errors(const std::string& topology);
  absl::StatusOr<std::vector<Tombstone>> tombstones();
  absl::StatusOr<std::optional<RequestResult>> request(const std::string& request_id);

  /// An id for a new topology: no other has it, or had it as far as tombstones tell.
  absl::StatusOr<std::string> new_topology_id(const std::string& name, std::int64_t unix_ms);

  // --- the leader's writes: one multi each, with a check of the token
  /// Name lock, topology, first assignment (if it has workers) and the request's result.
  /// ALREADY_EXISTS if the name is taken.
  absl::Status add_topology(const LeaderToken& leader, const TopologyRecord& record,
                            const std::optional<Assignment>& assignment,
                            const RequestResult& result);
  /// `version` is that of the record read before; ABORTED if it is not the present one.
  absl::Status put_topology(const LeaderToken& leader, const TopologyRecord& record,
                            std::int32_t version, const std::optional<RequestResult>& result);
  /// Creates or replaces; `version` is nothing for a create.
  absl::Status put_assignment(const LeaderToken& leader, const Assignment& assignment,
                              std::optional<std::int32_t> version);
  /// Tombstone first, then name, assignment, errors and record, all in one.
  absl::Status remove_topology(const LeaderToken& leader, const std::string& id,
                               const Tombstone& tombstone);
  absl::Status remove_tombstone(const LeaderToken& leader, const std::string& topology);
  /// Merges with what is there, keeps the newest 50.
  absl::Status add_errors(const LeaderToken& leader, const std::string& topology,
                          const std::vector<ErrorEntry>& errors);
  /// Results older than `before_unix_ms` go.
  absl::Status forget_requests(const LeaderToken& leader, std::int64_t before_unix_ms);

  // --- watches: hints, see Store::watch
  /// Any write of a leader: each multi also puts the node `root`/changes.
  std::uint64_t watch_changes(Store::Watcher watcher);
  std::uint64_t watch_supervisors(Store::Watcher watcher);
  void unwatch(std::uint64_t id);

  Store& store() { return store_; }
  const std::string& root() const { return root_; }

 private:
  template <class T>
  absl::StatusOr<Versioned<T>> read(const std::string& path);
  template <class T>
  absl::StatusOr<std::map<std::string, Versioned<T>>> read_all(const std::string& folder);
  std::string path(std::string_view folder, std::string_view name) const;
  /// The multi, with the leader's check before it and the touch of `changes` after it.
  absl::Status write(const LeaderToken& leader, std::vector<Write> writes);

  Store& store_;
  std::string root_;
};

}  // namespace rafale::coord
