// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A topology's graph for Graphviz.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace rafale::cli {

/// A digraph in the DOT language: spouts as houses, bolts as boxes, one edge per subscription.
/// `graph` is as in worker/plugin/describe.h.
std::string graph_dot(const nlohmann::ordered_json& graph);

}  // namespace rafale::cli
