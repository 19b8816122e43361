// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Answers of a Nimbus as the JSON that the verbs print, and requests made from JSON.
#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "rafale/v1/nimbus.pb.h"

namespace rafale::cli {

/// {"leader", "nimbuses": [{"id", "host", "port", "version", "leads", "uptime_s"}],
///  "supervisors": [{"id", "host", "slots", "used", "uptime_s", "alive", "version",
///                   "free_disk_bytes", "clock_ahead_ms"}], "zookeeper"}
nlohmann::ordered_json cluster_view(const v1::GetClusterResponse& answer);

/// [{"name", "id", "status", "uptime_s", "workers", "running_workers", "executors", "tasks",
///   "owner", "reason"}]
nlohmann::ordered_json list_view(const v1::ListTopologiesResponse& answer);

/// The object that `rafale status NAME -o json` promises; see cli/status.cc.
nlohmann::ordered_json status_view(const v1::GetStatusResponse& answer);

/// [{"component", "at", "count", "host", "port", "text"}], newest first
nlohmann::ordered_json errors_view(const v1::GetErrorsResponse& answer);

/// [{"worker", "host", "port", "supervisor", "executors": {COMPONENT: [[FIRST, LAST], ..]}}]
nlohmann::ordered_json workers_view(const v1::Assignment& assignment);

/// From the graph that a child process described.
v1::TopologySpec spec_of(const nlohmann::ordered_json& graph,
                         const std::map<std::string, std::string>& settings);

}  // namespace rafale::cli
