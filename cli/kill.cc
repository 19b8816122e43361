// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale kill`: ends a topology.

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/nimbus_client.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "common/clock.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kKillText = R"(usage: rafale kill TOPOLOGY [OPTION]...

Ends a topology: its spouts stop at once, what they emitted gets time to be processed, then its
workers end. Returns when it is gone.

options:
  -w, --wait-secs N   time for tuples under way, at most (default topology.message.timeout.secs);
                      it ends sooner if none are left
  --no-wait           return when Nimbus has taken the order
  -o, --output FORM   table, json or yaml (default table)
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  it is gone, or with --no-wait the order was taken
  1  there is no such topology, or no Nimbus answers
  2  the call is wrong

examples:
  rafale kill words
  rafale kill words -w 0
)";

bool is_gone(NimbusClient& client, const std::string& id) {
  const auto topologies = client.list();
  if (!topologies.ok()) return false;
  for (const Json& topology : *topologies) {
    if (topology["id"] == id) return false;
  }
  return true;
}

int run_kill(const std::vector<std::string>& given) {
  ClusterCall call;
  std::string name;
  std::string wait;
  bool no_wait = false;
  Arguments arguments(kKill);
  arguments.operand("TOPOLOGY", name)
      .option("-w,--wait-secs,--wait-time-secs", wait)
      .flag("--no-wait", no_wait);
  call.declare(arguments);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  std::optional<std::uint32_t> wait_secs;
  if (!wait.empty()) {
    const auto number = parse_number("--wait-secs", wait, 0, 86'400);
    if (!number.ok()) return failed(number.status());
    wait_secs = *number;
  }
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  NimbusClient client(*config);
  const auto answer = client.kill(name, wait_secs);
  if (!answer.ok()) return failed(answer.status());
  const common::SystemClock clock;
  const auto end = clock.now() + std::chrono::seconds(wait_secs.value_or(30) + 60);
  while (!no_wait && !is_gone(client, (*answer)["id"].get<std::string>())) {
    if (clock.now() >= end) {
      return failed(absl::DeadlineExceededError(
          fmt::format("{} is being killed but is not gone yet; see `rafale status {}`", name,
                      (*answer)["id"].get<std::string>())));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  if (!print_structured(*answer, call.output)) {
    fmt::print("{} {}\n", name, no_wait ? "is being killed" : "is gone");
  }
  return kSuccess;
}

}  // namespace

const Verb kKill{"kill", "end a topology", kKillText, run_kill};

}  // namespace rafale::cli
