// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Asks a child process what a plugin consists of, as the plugin's code may do anything.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace rafale::cli {

/// What the user says of a plugin and its settings, common to several verbs.
struct PluginCall {
  std::string plugin;
  std::string config_file;
  std::vector<std::string> assignments;

  /// With the file that RAFALE_CONFIG names, which --config replaces.
  static PluginCall from_environment();
  /// As arguments of rafale-worker.
  std::vector<std::string> arguments() const;
};

/// The answer: a graph as in worker/plugin/describe.h, or why there is none.
struct PluginGraph {
  nlohmann::ordered_json graph;
  std::vector<std::string> notes;   ///< settings without effect
  std::vector<std::string> errors;  ///< not empty: there is no graph
  int exit_code = 0;                ///< for the process, given errors
};

PluginGraph load_graph(const PluginCall& call);

/// Prints notes and errors. True if there is a graph.
bool report(const PluginGraph& answer);

}  // namespace rafale::cli
