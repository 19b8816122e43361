// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The daemons' messages as the worker's values, and its counters as their messages.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "rafale/v1/nimbus.pb.h"
#include "rafale/v1/supervisor.pb.h"
#include "worker/cluster/assignment.h"
#include "worker/runtime/topology_runtime.h"

namespace rafale::worker {

TopologyAssignment from_proto(const v1::Assignment& message);
ClusterNews news_of(const v1::AttachResponse& message, const std::string& topology);
ClusterNews news_of(const v1::WorkerHeartbeatResponse& message, const std::string& topology);

/// Counters and gauges of the tasks that run here. Any thread.
v1::WorkerStats stats_of(TopologyRuntime& runtime, const Launch& launch);

/// Reads DIR/launch.json; FAILED_PRECONDITION, naming what is missing.
absl::StatusOr<Launch> read_launch(const std::string& dir);
/// The settings in the spec's file: key -> YAML text.
absl::StatusOr<std::map<std::string, std::string>> read_settings(const std::string& spec_file);

}  // namespace rafale::worker
