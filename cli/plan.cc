// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale plan`: what a submit or a rebalance would change.

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/placement_text.h"
#include "cli/rebalance_call.h"
#include "cli/submission.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPlanText = R"(usage: rafale plan PLUGIN.so [OPTION of submit]...
       rafale plan TOPOLOGY [OPTION of rebalance]...

Shows what `rafale submit` or `rafale rebalance` with the same arguments would change, and changes
nothing. Each line is a worker with its tasks: + is new, ~ gets other executors and so a new
process, - goes, blank stays as it is.

options:
  --name NAME         of a submit
  -n, --workers N     of a rebalance
  -e COMPONENT=N      of a rebalance; may be repeated
  -o, --output FORM   table, json or yaml (default table)
  -c KEY=VALUE        a setting of the topology or of the cluster; may be repeated
  --config FILE       settings from a YAML file
  -h, --help          this text

exit codes:
  0  nothing would change
  1  something would change, or the plan could not be made (see standard error)
  2  the call or its settings are wrong

examples:
  rafale plan bike_fleet.so -c topology.workers=3
  rafale plan words -n 4
)";

int show(const Json& answer, const Json& before, const std::string& form) {
  const Json& after = answer["workers"];
  if (!print_structured(answer, form)) fmt::print("{}", placement_diff(before, after));
  return placement_changes(before, after) ? kFailure : kSuccess;
}

int plan_submit(SubmissionCall& call) {
  absl::StatusOr<Submission> submission = prepare_submission(call);
  if (!submission.ok()) return submission_failed(submission.status());
  const auto config = call.cluster.config();
  if (!config.ok()) return failed(config.status());
  submission->dry_run = true;
  NimbusClient client(*config);
  const auto answer = client.submit(*submission);
  if (!answer.ok()) return failed(answer.status());
  print_notes(*answer);
  return show(*answer, Json::array(), call.cluster.output);
}

int plan_rebalance(const ClusterCall& cluster, RebalanceCall call) {
  const auto config = cluster.config();
  if (!config.ok()) return failed(config.status());
  call.dry_run = true;
  NimbusClient client(*config);
  const auto answer = client.rebalance(call);
  if (!answer.ok()) return failed(answer.status());
  return show(*answer, (*answer)["before"], cluster.output);
}

int run_plan(const std::vector<std::string>& given) {
  SubmissionCall call;
  RebalanceWords words;
  Arguments arguments(kPlan);
  call.declare(arguments);
  words.declare(arguments);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  if (call.plugin.ends_with(".so") || std::filesystem::is_regular_file(call.plugin)) {
    return plan_submit(call);
  }
  auto rebalance = words.read(call.plugin);
  if (!rebalance.ok()) return failed(rebalance.status());
  return plan_rebalance(call.cluster, *std::move(rebalance));
}

}  // namespace

const Verb kPlan{"plan", "show what a submit or rebalance would change", kPlanText, run_plan};

}  // namespace rafale::cli
