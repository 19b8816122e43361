// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale rebalance`: changes workers and executors of a running topology.

#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/duration.h"
#include "cli/output.h"
#include "cli/rebalance_call.h"
#include "cli/verb.h"
#include "cli/waiting.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kRebalanceText = R"(usage: rafale rebalance TOPOLOGY [OPTION]...

Spreads a running topology anew: over another number of workers, with other numbers of executors, or
over supervisors that have come since. Spouts are stopped first, and tuples that are under way get
time to be processed; then only the workers that change are started anew. Nothing is lost. The
number of a component's tasks never changes, so it bounds its executors.

options:
  -n, --workers N       the number of workers
  -e COMPONENT=N        the number of executors of a component; may be repeated
  -w, --wait-secs N     time for tuples under way, at most (default topology.message.timeout.secs)
  --no-wait             return at once and not when the topology runs again
  -o, --output FORM     table, json or yaml (default table)
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  done
  1  not done, or it did not run again within three minutes
  2  the call is wrong

examples:
  rafale rebalance words -n 4 -e split=8
  rafale plan words -n 4
)";

int run_rebalance(const std::vector<std::string>& given) {
  ClusterCall call;
  RebalanceWords words;
  std::string name;
  bool no_wait = false;
  Arguments arguments(kRebalance);
  arguments.operand("TOPOLOGY", name).flag("--no-wait", no_wait);
  call.declare(arguments);
  words.declare(arguments);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto wanted = words.read(name);
  if (!wanted.ok()) return failed(wanted.status());
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  NimbusClient client(*config);
  const auto before = client.status(name, ":all-time");
  if (!before.ok()) return failed(before.status());
  const auto answer = client.rebalance(*wanted);
  if (!answer.ok()) return failed(answer.status());
  if (no_wait) {
    if (!print_structured(*answer, call.output)) {
      fmt::print("{} is being rebalanced; `rafale status {}` shows how it does\n", name, name);
    }
    return kSuccess;
  }
  const auto epoch = (*before)["epoch"].get<std::uint64_t>();
  const auto status = wait_for_topology(
      client, name, std::chrono::minutes(3), [epoch](const nlohmann::ordered_json& now) {
        return now["epoch"].get<std::uint64_t>() > epoch && is_running(now);
      });
  if (!status.ok()) return failed(status.status());
  if (!print_structured(*status, call.output)) {
    fmt::print("{} runs on {}\n", name, places(*status));
  }
  return kSuccess;
}

}  // namespace

void RebalanceWords::declare(Arguments& arguments) {
  arguments.option("-n,--workers,--num-workers", workers)
      .list("-e,--executors,--executor", executors)
      .option("-w,--wait-secs,--wait-time-secs", wait);
}

absl::StatusOr<RebalanceCall> RebalanceWords::read(const std::string& topology) const {
  RebalanceCall call;
  call.name = topology;
  if (!workers.empty()) {
    const auto number = parse_number("--workers", workers, 1, 1000);
    if (!number.ok()) return number.status();
    call.workers = *number;
  }
  if (!wait.empty()) {
    const auto number = parse_number("--wait-secs", wait, 0, 86'400);
    if (!number.ok()) return number.status();
    call.wait_secs = *number;
  }
  for (const std::string& text : executors) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          fmt::format("-e takes COMPONENT=N, not '{}'; for example -e split=4", text));
    }
    const auto number =
        parse_number("-e " + text.substr(0, equals), text.substr(equals + 1), 1, 100'000);
    if (!number.ok()) return number.status();
    call.executors[text.substr(0, equals)] = *number;
  }
  return call;
}

const Verb kRebalance{"rebalance", "spread a running topology anew", kRebalanceText, run_rebalance};

}  // namespace rafale::cli
