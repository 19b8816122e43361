// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The child process behind plugin_graph.h and the reading of its answer.

#include "cli/plugin_graph.h"

#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "cli/programs.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

PluginGraph broken(std::string text) { return {{}, {}, {std::move(text)}, kFailure}; }

PluginGraph died(const PluginCall& call, const ChildResult& child) {
  if (child.signal != 0) {
    const char* name = sigabbrev_np(child.signal);
    const char* description = sigdescr_np(child.signal);
    return broken(
        fmt::format("'{}' crashed with SIG{} ({}) while its topology was built; to see where, run "
                    "gdb --args '{}' describe '{}'",
                    call.plugin, name == nullptr ? std::to_string(child.signal) : name,
                    description == nullptr ? "unknown" : description,
                    program_beside("rafale-worker"), call.plugin));
  }
  return broken(fmt::format(
      "'{}' ended the process (exit code {}) while its topology was built; RAFALE_TOPOLOGY must "
      "return",
      call.plugin, child.exit_code));
}

}  // namespace

PluginCall PluginCall::from_environment() {
  const char* file = std::getenv("RAFALE_CONFIG");
  return {"", file == nullptr ? "" : file, {}};
}

std::vector<std::string> PluginCall::arguments() const {
  // A name that begins with a dash is a file here, not an option.
  std::vector<std::string> arguments{plugin.starts_with('-') ? "./" + plugin : plugin};
  if (!config_file.empty()) arguments.insert(arguments.end(), {"--config", config_file});
  for (const std::string& assignment : assignments) {
    arguments.insert(arguments.end(), {"-c", assignment});
  }
  return arguments;
}

PluginGraph load_graph(const PluginCall& call) {
  std::vector<std::string> arguments = call.arguments();
  arguments.insert(arguments.begin(), "describe");
  const ChildResult child = run_child("rafale-worker", arguments);
  if (!child.error.empty()) return broken(child.error);
  const Json answer = Json::parse(child.output, nullptr, false);
  if (!answer.is_object()) return died(call, child);
  PluginGraph result;
  if (answer.contains("errors")) {
    result.errors = answer["errors"].get<std::vector<std::string>>();
    result.exit_code = answer["exit"].get<int>();
  } else {
    result.graph = answer["graph"];
    result.notes = answer["notes"].get<std::vector<std::string>>();
  }
  return result;
}

bool report(const PluginGraph& answer) {
  for (const std::string& note : answer.notes) fmt::print(stderr, "note: {}\n", note);
  for (const std::string& error : answer.errors) complain(error);
  return answer.errors.empty();
}

}  // namespace rafale::cli
