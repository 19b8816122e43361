// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale status`: how a topology or the whole cluster does.

#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/duration.h"
#include "cli/nimbus_client.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "cli/status_text.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kStatusText = R"(usage: rafale status [TOPOLOGY] [OPTION]...

Without a topology: Nimbuses, supervisors and topologies of the cluster. With one: its workers (with
the way the last one ended, if one did), its components and its spouts.

options:
  --window WINDOW     10m, 3h, 1d or all: the time that counters and latencies cover (default all)
  --watch             draw it again and again until Ctrl-C
  --interval TIME     between two drawings (default 1s)
  -o, --output FORM   table, json or yaml (default table)
)" RAFALE_CLUSTER_OPTIONS R"(
json:
  {"name", "id", "status", "uptime_s",
   "workers": [{"host", "port", "pid", "uptime_s", "restarts", "last_exit", "state", ..}],
   "components": [{"id", "type", "executors", "tasks", "emitted", "transferred", "executed",
                   "acked", "failed": {"timeout", "explicit", "exception", "peer_lost"},
                   "complete_latency_ms": {"p50", "p99"}, "execute_latency_us": {"p50", "p99"},
                   "capacity", "busy", "backpressured", "idle", "last_error", ..}],
   "spouts": [{"component", "task", "state", "pending", "oldest_pending_s", "lag"}]}
  status is ACTIVE, STARTING, INACTIVE, REBALANCING, KILLED, DEGRADED (some executors find no slot)
  or FAILED (see reason). counted_until is there if the loss of a machine cost counts.

exit codes:
  0  shown
  1  there is no such topology, or no Nimbus answers
  2  the call is wrong

examples:
  rafale status
  rafale status words --watch
  rafale status words -o json | jq '.workers[].last_exit'
)";

std::string window_of(const std::string& word) {
  if (word == "10m" || word == "600") return "600";
  if (word == "3h" || word == "10800") return "10800";
  if (word == "1d" || word == "86400") return "86400";
  return ":all-time";
}

int print_cluster(NimbusClient& client, const std::string& form) {
  const auto cluster = client.cluster();
  if (!cluster.ok()) return failed(cluster.status());
  const auto topologies = client.list();
  if (!topologies.ok()) return failed(topologies.status());
  Json both = *cluster;
  both["topologies"] = *topologies;
  if (!print_structured(both, form)) fmt::print("{}", cluster_text(*cluster, *topologies));
  return kSuccess;
}

int run_status(const std::vector<std::string>& given) {
  ClusterCall call;
  std::string name;
  std::string window;
  std::string interval = "1s";
  bool watch = false;
  Arguments arguments(kStatus);
  arguments.optional_operand("TOPOLOGY", name)
      .choice("--window", window, {"10m", "3h", "1d", "all", "600", "10800", "86400", ":all-time"})
      .flag("--watch", watch)
      .option("--interval", interval);
  call.declare(arguments);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto pause = parse_duration("--interval", interval);
  if (!pause.ok()) return failed(pause.status());
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  NimbusClient client(*config);

  if (watch) {
    return redraw(*pause, [&]() -> absl::StatusOr<std::string> {
      if (name.empty()) {
        const auto cluster = client.cluster();
        if (!cluster.ok()) return cluster.status();
        const auto topologies = client.list();
        if (!topologies.ok()) return topologies.status();
        return cluster_text(*cluster, *topologies);
      }
      const auto status = client.status(name, window_of(window));
      if (!status.ok()) return status.status();
      return call.output == "json" ? status->dump() + "\n" : status_text(*status);
    });
  }
  if (name.empty()) return print_cluster(client, call.output);
  const auto status = client.status(name, window_of(window));
  if (!status.ok()) return failed(status.status());
  if (!print_structured(*status, call.output)) fmt::print("{}", status_text(*status));
  return kSuccess;
}

}  // namespace

const Verb kStatus{"status", "show how a topology or the cluster does", kStatusText, run_status};

}  // namespace rafale::cli
