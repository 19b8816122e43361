// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A topology as JSON, for programs that must not load it themselves.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "rafale/topology.h"

namespace rafale::worker {

/// The graph, options and settings of a topology:
///   {"topology": NAME, "workers": N, "abi": N,
///    "components": [{"name", "kind": "spout"|"bolt", "executors", "tasks", "first_task",
///                    "fused_into": NAME or "", "blocking", "fuse",
///                    "streams": [{"name", "direct", "fields": [{"name", "type"}]}],
///                    "inputs": [{"component", "stream", "grouping", "fields": [NAME]}],
///                    "settings": {KEY: VALUE}}],
///    "options": [{"key", "type", "default", "value", "help"}],
///    "settings": {KEY: VALUE}}
/// `settings` are those that the topology or the user set, without the options.
nlohmann::ordered_json describe(const Topology& topology);

}  // namespace rafale::worker
