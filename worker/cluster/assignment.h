// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a worker hears of its topology's placement, as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rafale/types.h"

namespace rafale::worker {

/// Tasks [first_task, last_task] of a component that is not fused into another.
struct AssignedExecutor {
  std::string component;
  TaskId first_task = 0;
  TaskId last_task = 0;
  friend bool operator==(const AssignedExecutor&, const AssignedExecutor&) = default;
};

struct AssignedWorker {
  std::uint32_t number = 0;
  std::uint32_t instance_base = 0;
  std::string supervisor;
  std::string host;
  std::uint16_t port = 0;
  std::vector<AssignedExecutor> executors;
};

/// Of one epoch.
struct TopologyAssignment {
  std::string topology;
  std::uint32_t epoch = 0;
  bool spouts_active = true;
  std::string plugin_sha256{};
  std::vector<AssignedWorker> workers;

  /// Null if there is none of that number.
  const AssignedWorker* worker(std::uint32_t number) const {
    for (const AssignedWorker& candidate : workers) {
      if (candidate.number == number) return &candidate;
    }
    return nullptr;
  }
};

/// Instances by worker number.
using Instances = std::map<std::uint32_t, std::uint32_t>;

/// News from the supervisor or from Nimbus.
struct ClusterNews {
  std::optional<TopologyAssignment> assignment{};
  Instances current{};  ///< newest that are known
  std::vector<std::string> nimbuses{};
  std::map<std::string, std::string> socket_dirs{};  ///< of supervisors, by id
  bool stop = false;
  std::uint32_t stop_within_ms = 0;
  bool not_yours = false;  ///< another instance owns our number

  /// Adds what came later, so that news that wait take no more room than one.
  void merge(ClusterNews&& later) {
    if (later.assignment && (!assignment || later.assignment->epoch > assignment->epoch)) {
      assignment = std::move(later.assignment);
    }
    for (const auto& [worker, instance] : later.current) {
      std::uint32_t& known = current[worker];
      known = known < instance ? instance : known;
    }
    if (!later.nimbuses.empty()) nimbuses = std::move(later.nimbuses);
    for (auto& [id, dir] : later.socket_dirs) socket_dirs[id] = std::move(dir);
    if (later.stop) stop_within_ms = later.stop_within_ms;
    stop = stop || later.stop;
    not_yours = not_yours || later.not_yours;
  }
};

/// What a supervisor wrote for the process that it starts: DIR/launch.json.
struct Launch {
  std::string topology;
  std::string name;
  std::uint32_t worker = 0;
  std::uint32_t instance = 1;
  std::string token;
  std::string plugin;
  std::string spec;               ///< file with a serialized TopologySpec
  std::string supervisor;         ///< id
  std::string supervisor_socket;  ///< for Attach
  std::string host;
  std::string bind;
  std::uint16_t port = 0;
  std::string unix_socket;
  std::string counter_file;
  std::string dead_letter_dir;
  std::vector<std::string> nimbuses;
  std::string tls_ca, tls_cert, tls_key;
  bool insecure = false;
};

}  // namespace rafale::worker
