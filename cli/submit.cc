// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale submit`: runs a topology on a cluster.

#include <unistd.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/duration.h"
#include "cli/output.h"
#include "cli/submission.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "cli/waiting.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kSubmitText = R"(usage: rafale submit PLUGIN.so [OPTION]...

Runs a topology on a cluster until it is killed. The plugin is described by a child process, sent to
Nimbus, checked there and placed on supervisors. Returns when Nimbus has taken it, or with --wait
when it runs; prints its name and where it runs.

options:
  --name NAME         the name it shall have (default: the topology's own)
  --wait              wait until all its workers run and its spouts are open
  --wait-for TIME     the same, for at most this time (default with --wait: 60s)
  --inactive          do not start its spouts; rafale activate does
  -o, --output FORM   table, json or yaml (default table)
  -c KEY=VALUE        a setting of the topology, as for rafale local, or of the cluster
                      (nimbus.seeds and the like); may be repeated
  --config FILE       settings of both from a YAML file (default: $RAFALE_CONFIG); -c wins
  -h, --help          this text

exit codes:
  0  Nimbus took it, and with --wait it runs
  1  the plugin cannot be loaded, no Nimbus answers, the name is taken, or it did not run in time
  2  the call or its settings are wrong

examples:
  rafale submit bike_fleet.so --wait
  rafale submit bike_fleet.so --name lyon -c topology.workers=3 -c bikes.parallelism=3
  rafale submit word_count.so -c words.file=book.txt -o json | jq -r .id
)";

void show_progress(std::uint64_t sent, std::uint64_t total) {
  if (isatty(STDERR_FILENO) == 0 || total == 0) return;
  constexpr std::uint64_t kWidth = 40;
  const std::uint64_t done = sent * kWidth / total;
  fmt::print(stderr, "\r\x1b[Kuploading [{:=<{}}{: <{}}] {}%", "", done, "", kWidth - done,
             sent * 100 / total);
  if (sent >= total) fmt::print(stderr, "\r\x1b[K");
}

int run_submit(const std::vector<std::string>& given) {
  SubmissionCall call;
  bool wait = false;
  bool inactive = false;
  std::string wait_for;
  Arguments arguments(kSubmit);
  call.declare(arguments);
  arguments.flag("--wait", wait).option("--wait-for", wait_for).flag("--inactive", inactive);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  std::chrono::milliseconds at_most{60'000};
  if (!wait_for.empty()) {
    const auto time = parse_duration("--wait-for", wait_for);
    if (!time.ok()) return failed(time.status());
    at_most = *time;
    wait = true;
  }

  absl::StatusOr<Submission> submission = prepare_submission(call);
  if (!submission.ok()) return submission_failed(submission.status());
  const auto config = call.cluster.config();
  if (!config.ok()) return failed(config.status());
  NimbusClient client(*config);
  absl::StatusOr<std::string> handle = client.upload(call.plugin, show_progress);
  if (!handle.ok()) return failed(handle.status());
  submission->plugin_handle = *std::move(handle);
  submission->inactive = inactive;
  absl::StatusOr<nlohmann::ordered_json> answer = client.submit(*submission);
  if (!answer.ok()) return failed(answer.status());
  print_notes(*answer);

  if (!wait) {
    if (!print_structured(*answer, call.cluster.output)) {
      fmt::print("{} submitted as {}; `rafale status {}` shows how it does\n", submission->name,
                 (*answer)["id"].get<std::string>(), submission->name);
    }
    return kSuccess;
  }
  const auto status =
      wait_for_topology(client, (*answer)["id"].get<std::string>(), at_most, is_running);
  if (!status.ok()) return failed(status.status());
  if (!print_structured(*status, call.cluster.output)) {
    fmt::print("{} runs as {} on {}\n", submission->name, (*status)["id"].get<std::string>(),
               places(*status));
  }
  return kSuccess;
}

}  // namespace

const Verb kSubmit{"submit", "run a topology on a cluster", kSubmitText, run_submit};

}  // namespace rafale::cli
