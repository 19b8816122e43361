// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale validate`: finds the mistakes of a topology and of its settings.

#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/plugin_graph.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kValidateText = R"(usage: rafale validate PLUGIN.so [OPTION]...

Builds a topology with the given settings, without running it, and lists every mistake with the
place it lies in: component and stream, or file, line and column of a setting.

options:
  -c KEY=VALUE        a setting, as for rafale local
  --config FILE       settings from a YAML file; -c wins
  -o, --output FORM   text or json (default text); json is {"ok": BOOL, "mistakes": [TEXT],
                      "notes": [TEXT]}
  -h, --help          this text

exit codes:
  0  no mistakes
  1  the plugin cannot be loaded, or its topology has mistakes
  2  only what you passed is wrong: the call, -c or the file of --config

environment:
  RAFALE_CONFIG       the file for --config if that is not given

examples:
  rafale validate bike_fleet.so
  rafale validate bike_fleet.so --config fleet.yaml
  rafale validate bike_fleet.so -c bikes.source=file -c bikes.file=day.jsonl
)";

std::string summary(const nlohmann::ordered_json& graph) {
  std::size_t tasks = 0;
  std::size_t streams = 0;
  const auto& components = graph["components"];
  for (const auto& component : components) {
    tasks += component["tasks"].get<std::size_t>();
    streams += component["streams"].size();
  }
  const auto count = [](std::size_t n, const char* what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  return fmt::format("ok: {}, {}, {}, {}", graph["topology"].get<std::string>(),
                     count(components.size(), "component"), count(tasks, "task"),
                     count(streams, "stream"));
}

int run_validate(const std::vector<std::string>& given) {
  PluginCall call = PluginCall::from_environment();
  std::string output;
  Arguments arguments(kValidate);
  arguments.operand("PLUGIN.so", call.plugin)
      .list("-c", call.assignments)
      .option("--config", call.config_file)
      .choice("-o,--output", output, {"text", "json"});
  if (const auto exit_code = arguments.parse(given)) return *exit_code;

  const PluginGraph answer = load_graph(call);
  if (output == "json") {
    const nlohmann::ordered_json json{
        {"ok", answer.errors.empty()}, {"mistakes", answer.errors}, {"notes", answer.notes}};
    fmt::print("{}\n", json.dump());
    return answer.exit_code;
  }
  if (!report(answer)) return answer.exit_code;
  fmt::print("{}\n", summary(answer.graph));
  return kSuccess;
}

}  // namespace

const Verb kValidate{"validate", "find the mistakes of a topology and its settings", kValidateText,
                     run_validate};

}  // namespace rafale::cli
