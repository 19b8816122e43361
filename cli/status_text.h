// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The tables of status and top.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace rafale::cli {

/// A whole topology: state, workers, components, spouts.
std::string status_text(const nlohmann::ordered_json& status);

/// Nimbuses, supervisors and topologies.
std::string cluster_text(const nlohmann::ordered_json& cluster,
                         const nlohmann::ordered_json& topologies);

/// Rates of each component between two statuses of one topology, `seconds` apart.
std::string rates_text(const nlohmann::ordered_json& before, const nlohmann::ordered_json& now,
                       double seconds);

}  // namespace rafale::cli
