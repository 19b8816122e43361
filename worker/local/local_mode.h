// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale-worker local`: one topology from its plugin to its last line.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "worker/local/options.h"
#include "worker/local/stop_source.h"
#include "worker/runtime/local_runtime.h"

namespace rafale::worker {

/// What a run needs of the world.
struct LocalModeWorld {
  const common::Clock& clock;
  StopSource& stop;
  /// LocalRuntime::start, or a stand-in.
  std::function<absl::StatusOr<std::unique_ptr<LocalRuntime>>(Topology, LocalOptions)> start;
  /// One line, or several with line feeds between them, to standard output and standard error.
  std::function<void(const std::string&)> print;
  std::function<void(const std::string&)> complain;
  /// Ends the process and destroys nothing, as user code may still be running. If it returns, as in
  /// tests, the run goes on to its normal end.
  std::function<void(int exit_code)> abandon;
  /// Standard output is a terminal that understands escape sequences.
  bool terminal = false;
};

/// Runs until one of the reasons to end applies, drains for at most topology.message.timeout.secs,
/// and prints the result as the last line. Returns the exit code of the process: 0 if everything
/// was acked or dead-lettered, 1 if not or if the topology could not run, 2 if what the user passed
/// is wrong, 141 (as by SIGPIPE, and without a word) if standard output was closed.
int run_local_mode(const LocalModeOptions& options, const LocalModeWorld& world);

}  // namespace rafale::worker
