// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files of a slot: what is remembered of its process, and what that is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/cluster_config.h"
#include "rafale/v1/stats.pb.h"
#include "supervisor/reconciler.h"

namespace rafale::supervisor {

/// DIR/slot.json.
absl::Status remember(const std::string& dir, const Slot& slot);
/// Nothing if there is no such file, or it is unreadable.
std::optional<Slot> recall(const std::string& dir);

/// What a launch needs besides the slot.
struct LaunchFacts {
  std::string supervisor;
  std::string run_dir;    ///< of sockets
  std::string plugin;     ///< path
  std::string spec_blob;  ///< path of the blob, as Nimbus wrote it
  std::vector<std::string> nimbuses;
};
/// DIR/launch.json and DIR/spec.pb.
absl::Status write_launch(const std::string& dir, const Slot& slot, const LaunchFacts& facts,
                          const common::ClusterConfig& config);

/// The counters that a worker left in its file. DATA_LOSS if it is none.
absl::StatusOr<v1::WorkerStats> read_counters(const std::string& file,
                                              const coord::InstanceId& instance);

}  // namespace rafale::supervisor
