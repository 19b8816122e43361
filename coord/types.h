// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a cluster is made of, as plain values: the language of coord, nimbus and supervisor.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rafale::coord {

/// Of the messages between daemons; a peer with another one is refused with both numbers named.
inline constexpr std::uint32_t kProtocol = 1;

/// A Nimbus as others reach it; NimbusInfo of cluster.proto.
struct NimbusInfo {
  std::string id{};
  std::string host{};
  std::uint32_t port = 0;
  std::string version{};
  std::uint32_t protocol = kProtocol;
  std::int64_t started_unix_ms = 0;
  std::uint32_t http_port = 0;
  friend bool operator==(const NimbusInfo&, const NimbusInfo&) = default;
};

/// A supervisor; SupervisorInfo of cluster.proto.
struct SupervisorInfo {
  std::string id{};
  std::string incarnation{};
  std::string host{};
  std::uint32_t port = 0;
  std::vector<std::uint32_t> slot_ports{};
  std::string version{};
  std::uint32_t protocol = kProtocol;
  std::string boot_id{};
  std::int64_t started_unix_ms = 0;
  std::uint32_t http_port = 0;
  std::string socket_dir{};
  friend bool operator==(const SupervisorInfo&, const SupervisorInfo&) = default;
};

/// One component of a topology; ComponentSpec of cluster.proto.
struct ComponentSpec {
  std::string name{};
  bool spout = false;
  std::uint32_t executors = 1;
  std::uint32_t tasks = 1;
  std::uint32_t first_task = 1;
  std::string fused_into{};
  friend bool operator==(const ComponentSpec&, const ComponentSpec&) = default;
};

/// TopologySpec of cluster.proto: what a client said that a plugin contains.
struct TopologySpec {
  std::string name{};
  std::vector<ComponentSpec> components{};
  std::map<std::string, std::string> settings{};
  std::uint32_t workers = 1;
  std::uint32_t abi = 0;
  std::string description{};
  friend bool operator==(const TopologySpec&, const TopologySpec&) = default;
};

enum class TopologyState : std::uint8_t { active, inactive, killed, rebalancing, failed };

/// TopologyRecord of cluster.proto.
struct TopologyRecord {
  std::string id{};
  std::string name{};
  TopologyState state = TopologyState::active;
  std::string spec_sha256{};
  std::string plugin_sha256{};
  std::int64_t submitted_unix_ms = 0;
  std::uint32_t wait_ms = 0;
  std::uint32_t workers = 1;
  std::map<std::string, std::uint32_t> executors{};
  std::string reason{};
  std::string owner{};
  std::uint64_t rebalances = 0;
  TopologyState state_before = TopologyState::active;  ///< of rebalancing: what it is afterwards
  friend bool operator==(const TopologyRecord&, const TopologyRecord&) = default;
};

/// Consecutive tasks [first_task, last_task] of one component; ExecutorAssignment.
struct ExecutorAssignment {
  std::string component{};
  std::uint32_t first_task = 0;
  std::uint32_t last_task = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the comparison with zero
  friend auto operator<=>(const ExecutorAssignment&, const ExecutorAssignment&) = default;
};

/// One worker process; WorkerAssignment of cluster.proto.
struct WorkerAssignment {
  std::uint32_t number = 0;
  std::uint32_t instance_base = 0;
  std::string supervisor{};
  std::string host{};
  std::uint32_t port = 0;
  std::vector<ExecutorAssignment> executors{};
  friend bool operator==(const WorkerAssignment&, const WorkerAssignment&) = default;
};

/// Where a topology runs; Assignment of cluster.proto.
struct Assignment {
  std::string topology{};
  std::uint32_t epoch = 0;
  bool spouts_active = true;
  std::vector<WorkerAssignment> workers{};
  std::string plugin_sha256{};
  std::string spec_sha256{};
  std::string name{};
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// One life of one worker of a topology. Of two instances of a number the higher is the newer.
struct InstanceId {
  std::string topology{};
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the comparison with zero
  friend auto operator<=>(const InstanceId&, const InstanceId&) = default;
};

/// ErrorEntry of cluster.proto.
struct ErrorEntry {
  std::string component{};
  std::string text{};
  std::int64_t at_unix_ms = 0;
  std::string host{};
  std::uint32_t port = 0;
  std::uint32_t count = 1;
  friend bool operator==(const ErrorEntry&, const ErrorEntry&) = default;
};

/// RequestResult of cluster.proto.
struct RequestResult {
  std::string request_id{};
  int code = 0;
  std::string message{};
  std::string topology{};
  std::int64_t at_unix_ms = 0;
  friend bool operator==(const RequestResult&, const RequestResult&) = default;
};

/// Tombstone of cluster.proto: a topology that left, whose blobs and directories may go.
struct Tombstone {
  std::string topology{};
  std::int64_t at_unix_ms = 0;
  std::vector<std::string> blobs{};
  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

}  // namespace rafale::coord
