// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Processes that outlive the command that started them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rafale::cli {

/// A process beyond the reuse of its number: the start time is field 22 of /proc/PID/stat.
struct ProcessName {
  pid_t pid = 0;
  std::uint64_t start_time = 0;
};

/// Starts `arguments[0]`, a path, in a session of its own, with no input, and output and errors
/// appended to `log`.
absl::StatusOr<ProcessName> start_detached(const std::vector<std::string>& arguments,
                                           const std::string& log);

/// Whether exactly that process still runs; a zombie does not.
bool runs(const ProcessName& process);

/// Sends SIGTERM, then SIGKILL after `grace`, and waits until it has ended. Never signals another
/// process that got the same number.
void end(const ProcessName& process, std::chrono::milliseconds grace);

/// TCP ports of the loopback device that nobody used a moment ago.
absl::StatusOr<std::vector<std::uint16_t>> free_ports(std::size_t count);

/// Whether something listens on the loopback port.
bool answers(std::uint16_t port);

}  // namespace rafale::cli
