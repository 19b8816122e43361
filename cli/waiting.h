// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Waiting for a topology to come to a state.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "cli/nimbus_client.h"

namespace rafale::cli {

/// Asks for the topology's status until it is one that `settled` accepts, and returns it.
/// DEADLINE_EXCEEDED, saying how far it came, after `at_most`; FAILED_PRECONDITION with the reason
/// if the topology FAILED. Shows on a terminal what is being waited for.
absl::StatusOr<nlohmann::ordered_json> wait_for_topology(
    NimbusClient& client, const std::string& name, std::chrono::milliseconds at_most,
    const std::function<bool(const nlohmann::ordered_json&)>& settled);

/// All workers run, and if spouts may emit, they do.
bool is_running(const nlohmann::ordered_json& status);

/// "node1:6700, node2:6700"
std::string places(const nlohmann::ordered_json& status);

}  // namespace rafale::cli
