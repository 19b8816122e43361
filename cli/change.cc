// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale activate` and `rafale deactivate`.

#include "cli/change.h"

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/output.h"
#include "cli/waiting.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kActivateText = R"(usage: rafale activate TOPOLOGY [OPTION]...

Lets the spouts of a deactivated topology emit again.

options:
  -o, --output FORM   table, json or yaml (default table)
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  done
  1  there is no such topology, or no Nimbus answers
  2  the call is wrong

examples:
  rafale activate words
)";

constexpr std::string_view kDeactivateText = R"(usage: rafale deactivate TOPOLOGY [OPTION]...

Stops the spouts of a topology. What they have emitted is processed; workers keep running.

options:
  -o, --output FORM   table, json or yaml (default table)
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  done
  1  there is no such topology, or no Nimbus answers
  2  the call is wrong

examples:
  rafale deactivate words
)";

int run_activate(const std::vector<std::string>& given) {
  return run_change(kActivate, given, &NimbusClient::activate, "ACTIVE");
}

int run_deactivate(const std::vector<std::string>& given) {
  return run_change(kDeactivate, given, &NimbusClient::deactivate, "INACTIVE");
}

}  // namespace

int run_change(const Verb& verb, const std::vector<std::string>& given,
               absl::StatusOr<Json> (NimbusClient::*change)(const std::string&),
               const std::string& becomes) {
  ClusterCall call;
  std::string name;
  Arguments arguments(verb);
  arguments.operand("TOPOLOGY", name);
  call.declare(arguments);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  NimbusClient client(*config);
  const auto answer = (client.*change)(name);
  if (!answer.ok()) return failed(answer.status());
  const auto status =
      wait_for_topology(client, name, std::chrono::seconds(30),
                        [&becomes](const Json& now) { return now["status"] == becomes; });
  if (!status.ok()) return failed(status.status());
  if (!print_structured(*answer, call.output)) fmt::print("{} is {}\n", name, becomes);
  return kSuccess;
}

const Verb kActivate{"activate", "let the spouts of a topology emit", kActivateText, run_activate};
const Verb kDeactivate{"deactivate", "stop the spouts of a topology", kDeactivateText,
                       run_deactivate};

}  // namespace rafale::cli
