// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale errors`: what went wrong in a topology's components.

#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/nimbus_client.h"
#include "cli/output.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kErrorsText = R"(usage: rafale errors TOPOLOGY [OPTION]...

Shows the newest errors of a topology's components, newest first, at most 50: exceptions, what they
reported themselves, and how workers ended.

options:
  -o, --output FORM   table, json or yaml (default table)
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  shown, also when there are none
  1  there is no such topology, or no Nimbus answers
  2  the call is wrong

examples:
  rafale errors words
)";

int run_errors(const std::vector<std::string>& given) {
  ClusterCall call;
  std::string name;
  Arguments arguments(kErrors);
  arguments.operand("TOPOLOGY", name);
  call.declare(arguments);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  const auto errors = NimbusClient(*config).errors(name);
  if (!errors.ok()) return failed(errors.status());
  if (print_structured(*errors, call.output)) return kSuccess;
  if (errors->empty()) {
    fmt::print(stderr, "{} has reported no errors\n", name);
    return kSuccess;
  }
  Table table({"AT", "COMPONENT", "PLACE", "TIMES", "ERROR"});
  for (const auto& error : *errors) {
    table.add({cell(error["at"]), cell(error["component"]),
               fmt::format("{}:{}", error["host"].get<std::string>(), error["port"].get<int>()),
               cell(error["count"]), cell(error["text"])});
  }
  fmt::print("{}", table.text());
  return kSuccess;
}

}  // namespace

const Verb kErrors{"errors", "show what went wrong in a topology", kErrorsText, run_errors};

}  // namespace rafale::cli
