// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the mains of all daemons have in common.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/cluster_config.h"

namespace rafale::common {

/// Arguments of a daemon.
struct DaemonCall {
  std::string config_file;
  std::vector<std::string> overrides;
  bool stop_workers_on_exit = false;  ///< supervisors only

  /// INVALID_ARGUMENT for what is no option of `program`.
  static absl::StatusOr<DaemonCall> parse(const std::string& program,
                                          const std::vector<std::string>& arguments);
};

/// Blocks SIGTERM and SIGINT for all threads that are made afterwards, and ignores SIGPIPE.
void hold_back_signals();
/// Waits until one of the two comes.
void wait_for_end();
/// The same, for at most this long; whether one came.
bool wait_for_end_or(std::chrono::milliseconds at_most);

}  // namespace rafale::common
