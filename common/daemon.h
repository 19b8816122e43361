// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the mains of all daemons have in common.
#pragma once

#include <signal.h>

#include <chrono>
#include <functional>
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

/// The main of a daemon: holds back signals, sets up log lines, reads arguments and settings, and
/// calls `run`. Its exit code: 0, 2 for INVALID_ARGUMENT, 1 for other mistakes, which it prints.
int daemon_main(const std::string& program, int argc, char** argv,
                const std::function<absl::Status(const ClusterConfig&, const DaemonCall&)>& run);

/// SIGTERM and SIGINT.
sigset_t ending_signals();
/// Blocks SIGTERM and SIGINT for all threads that are made afterwards, and ignores SIGPIPE.
void hold_back_signals();
/// Waits until one of the two comes.
void wait_for_end();
/// The same, for at most this long; whether one came.
bool wait_for_end_or(std::chrono::milliseconds at_most);

}  // namespace rafale::common
