// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Processes that outlive the command that started them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/process_id.h"

namespace rafale::cli {

/// Starts `arguments[0]`, a path, in a session of its own, with no input, and output and errors
/// appended to `log`.
absl::StatusOr<common::ProcessId> start_detached(const std::vector<std::string>& arguments,
                                                 const std::string& log);

/// Whether exactly that process still runs; reaps it if it was our child and has ended.
bool runs(const common::ProcessId& process);

/// Sends SIGTERM, then SIGKILL after `grace`, and waits until it has ended. Never signals another
/// process that got the same number.
void end(const common::ProcessId& process, std::chrono::milliseconds grace);

/// TCP ports of the loopback device that nobody used a moment ago.
absl::StatusOr<std::vector<std::uint16_t>> free_ports(std::size_t count);

/// Whether something listens on the loopback port.
bool answers(std::uint16_t port);

}  // namespace rafale::cli
