// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Verbs that only name a topology to change: activate and deactivate.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "cli/nimbus_client.h"
#include "cli/verb.h"

namespace rafale::cli {

/// Reads the arguments, calls `change`, waits until the topology's status is `becomes`, and prints.
int run_change(const Verb& verb, const std::vector<std::string>& given,
               absl::StatusOr<nlohmann::ordered_json> (NimbusClient::*change)(const std::string&),
               const std::string& becomes);

}  // namespace rafale::cli
