// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale list`: the topologies of a cluster.

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

constexpr std::string_view kListText = R"(usage: rafale list [OPTION]...

Lists the topologies of a cluster.

options:
  --names             names only, one a line, for scripts and completion
  -o, --output FORM   table, json or yaml (default table)
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  listed, also when there is none
  1  no Nimbus answers
  2  the call is wrong

examples:
  rafale list
  rafale list -o json | jq -r '.[] | select(.status == "ACTIVE").name'
)";

int run_list(const std::vector<std::string>& given) {
  ClusterCall call;
  bool names = false;
  Arguments arguments(kList);
  call.declare(arguments);
  arguments.flag("--names", names);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  const auto topologies = NimbusClient(*config).list();
  if (!topologies.ok()) return failed(topologies.status());
  if (names) {
    for (const auto& topology : *topologies) {
      fmt::print("{}\n", topology["name"].get<std::string>());
    }
    return kSuccess;
  }
  if (print_structured(*topologies, call.output)) return kSuccess;
  if (topologies->empty()) {
    fmt::print(stderr, "no topologies; rafale submit PLUGIN.so runs one\n");
    return kSuccess;
  }
  Table table({"NAME", "STATUS", "UPTIME", "WORKERS", "EXECUTORS", "TASKS", "ID"});
  for (const auto& topology : *topologies) {
    const auto running = topology["running_workers"].get<unsigned>();
    const auto workers = topology["workers"].get<unsigned>();
    table.add(
        {cell(topology["name"]), cell(topology["status"]),
         uptime_text(topology["uptime_s"].get<double>()),
         running == workers ? std::to_string(workers) : fmt::format("{} of {}", running, workers),
         cell(topology["executors"]), cell(topology["tasks"]), cell(topology["id"])});
  }
  fmt::print("{}", table.text());
  return kSuccess;
}

}  // namespace

const Verb kList{"list", "list the topologies of a cluster", kListText, run_list};

}  // namespace rafale::cli
