// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What TopologyBuilder::build() refuses: every mistake of a graph and of its settings, one line
// each.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rafale/topology.h"

namespace rafale::detail {

using Mistakes = std::vector<std::string>;

/// Most executors or tasks of one component: a number above is a negative one that was converted.
inline constexpr std::uint32_t kMaxTasks = 65536;

/// Names of topologies, components, streams, fields and options.
bool is_valid_name(std::string_view name);

/// Appends `what` "NAME" and the rule for names, if the name is none.
void check_name(std::string_view what, std::string_view name, Mistakes& mistakes);

/// Each component by itself: names, schemas, parallelism, settings.
void check_component(const ComponentDef& component, Mistakes& mistakes);

/// The components together: duplicates, subscriptions, groupings, and whether tuples can reach
/// each.
void check_graph(const std::deque<ComponentDef>& components, Mistakes& mistakes);

/// The settings of `config` that are the runtime's own. `where` stands before each mistake.
void check_runtime_settings(const Config& config, const std::string& where, Mistakes& mistakes);

/// Keys that the user gave and that are neither in `known` nor the runtime's.
void check_given_keys(const Config& given, std::vector<std::string> known, Mistakes& mistakes);

}  // namespace rafale::detail
