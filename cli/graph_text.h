// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A topology's graph for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace rafale::cli {

/// Components from the spouts downstream, each with what it reads (<-) and emits (->), then options
/// and settings. `graph` is as in worker/plugin/describe.h.
std::string graph_text(const nlohmann::ordered_json& graph);

}  // namespace rafale::cli
