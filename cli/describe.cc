// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale describe`: shows what a topology consists of, without running it.

#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/graph_dot.h"
#include "cli/graph_text.h"
#include "cli/plugin_graph.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kDescribeText = R"(usage: rafale describe PLUGIN.so [OPTION]...

Shows the graph of a topology without running it: components with their parallelism, streams with
their fields, subscriptions with their groupings, the topology's own options with defaults and
help, and the settings that differ from the runtime's defaults. The plugin is loaded by a child
process, so that a broken one does no harm.

options:
  -c KEY=VALUE        a setting, as for rafale local; settings may change the graph
  --config FILE       settings from a YAML file; -c wins
  -o, --output FORM   text, json or dot (default text)
  -h, --help          this text

exit codes:
  0  described
  1  the plugin cannot be loaded, or its topology has mistakes
  2  the call or its settings are wrong

environment:
  RAFALE_CONFIG       the file for --config if that is not given

examples:
  rafale describe bike_fleet.so
  rafale describe bike_fleet.so -c bikes.parallelism=4 -o json | jq '.components[].name'
  rafale describe bike_fleet.so -o dot | dot -Tsvg > bike_fleet.svg
)";

int run_describe(const std::vector<std::string>& given) {
  PluginCall call = PluginCall::from_environment();
  std::string output;
  Arguments arguments(kDescribe);
  arguments.operand("PLUGIN.so", call.plugin)
      .list("-c", call.assignments)
      .option("--config", call.config_file)
      .choice("-o,--output", output, {"text", "json", "dot"});
  if (const auto exit_code = arguments.parse(given)) return *exit_code;

  const PluginGraph answer = load_graph(call);
  if (!report(answer)) return answer.exit_code;
  if (output == "json") {
    fmt::print("{}\n", answer.graph.dump(2));
  } else if (output == "dot") {
    fmt::print("{}", graph_dot(answer.graph));
  } else {
    print_with_headings(graph_text(answer.graph));
  }
  return kSuccess;
}

}  // namespace

const Verb kDescribe{"describe", "show the graph and the options of a topology", kDescribeText,
                     run_describe};

}  // namespace rafale::cli
