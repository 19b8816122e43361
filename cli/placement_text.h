// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Placements and the difference of two, for plan and rebalance.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace rafale::cli {

/// One line for each worker of `after`, marked + (new), ~ (its executors change), - (goes) or
/// blank. Both as workers_view() of views_codec.h makes them.
std::string placement_diff(const nlohmann::ordered_json& before,
                           const nlohmann::ordered_json& after);

/// Whether `after` differs from `before`.
bool placement_changes(const nlohmann::ordered_json& before, const nlohmann::ordered_json& after);

}  // namespace rafale::cli
