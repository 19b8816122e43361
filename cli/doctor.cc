// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale doctor`: what is wrong with this machine or the cluster.

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/doctor_checks.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDoctorText = R"(usage: rafale doctor [OPTION]...

Looks for what is wrong with this machine (programs, limits, disk, certificates) and with the
cluster (ZooKeeper, each Nimbus, supervisors, versions, clocks, disks), and says what to do.

options:
  --machine           this machine only
  -o, --output FORM   table, json or yaml (default table)
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  nothing is wrong; there may be warnings
  1  something is wrong
  2  the call or the settings are wrong

examples:
  rafale doctor
)";

std::string_view name_of(Health health) {
  switch (health) {
    case Health::good:
      return "ok";
    case Health::doubtful:
      return "warning";
    case Health::bad:
      return "wrong";
  }
  return "";
}

std::string coloured(Health health) {
  std::string word = fmt::format("{:<7}", name_of(health));
  if (!colours(stdout)) return word;
  const int colour = health == Health::good ? 32 : health == Health::doubtful ? 33 : 31;
  return fmt::format("\x1b[{}m{}\x1b[0m", colour, word);
}

int run_doctor(const std::vector<std::string>& given) {
  ClusterCall call;
  bool machine_only = false;
  Arguments arguments(kDoctor);
  arguments.flag("--machine", machine_only);
  call.declare(arguments);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  std::vector<Finding> findings = check_machine(*config);
  if (!machine_only) {
    for (Finding& finding : check_cluster(*config)) findings.push_back(std::move(finding));
  }
  const bool wrong = std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.health == Health::bad; });
  Json view = Json::array();
  for (const Finding& finding : findings) {
    view.push_back({{"state", name_of(finding.health)},
                    {"what", finding.what},
                    {"detail", finding.detail},
                    {"advice", finding.advice}});
  }
  if (!print_structured(view, call.output)) {
    for (const Finding& finding : findings) {
      fmt::print("{}  {}: {}\n", coloured(finding.health), finding.what, finding.detail);
      if (!finding.advice.empty()) fmt::print("         {}\n", finding.advice);
    }
  }
  return wrong ? kFailure : kSuccess;
}

}  // namespace

const Verb kDoctor{"doctor", "look for what is wrong with this machine or cluster", kDoctorText,
                   run_doctor};

}  // namespace rafale::cli
