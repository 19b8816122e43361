// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What `rafale doctor` looks at.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/nimbus_client.h"
#include "common/cluster_config.h"

namespace rafale::cli {

enum class Health : std::uint8_t { good, doubtful, bad };

struct Finding {
  Health health = Health::good;
  std::string what;    ///< "ZooKeeper 10.0.0.7:2181"
  std::string detail;  ///< "does not answer: connection refused"
  std::string advice;  ///< what to do, if anything
};

/// Programs, limits, disk, certificates of this machine.
std::vector<Finding> check_machine(const common::ClusterConfig& config);
/// ZooKeeper, each Nimbus, supervisors: reachable, one version, clocks, disk.
std::vector<Finding> check_cluster(const common::ClusterConfig& config);
/// The part of check_cluster() that judges what a Nimbus said.
std::vector<Finding> judge_cluster(const nlohmann::ordered_json& cluster);

}  // namespace rafale::cli
