// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale nimbus` and `rafale supervisor`: become the daemons beside this program.

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/programs.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kNimbusText = R"(usage: rafale nimbus [OPTION]...

Runs a Nimbus in the foreground: it takes topologies, places them on supervisors and replaces what
dies. Several may run; one leads, the others stand by. Ends with SIGTERM or Ctrl-C; topologies run
on without it.

options:
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  ended by a signal
  1  it could not run
  2  the call or its settings are wrong

examples:
  rafale nimbus --config /etc/rafale/rafale.yaml
)";

constexpr std::string_view kSupervisorText = R"(usage: rafale supervisor [OPTION]...

Runs a supervisor in the foreground: it starts and watches the workers that Nimbus places on this
machine. Ends with SIGTERM or Ctrl-C; its workers run on, and the next supervisor of the same
storm.local.dir finds them again.

options:
  --stop-workers-on-exit  end its workers with it, gracefully
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  ended by a signal
  1  it could not run
  2  the call or its settings are wrong

examples:
  rafale supervisor --config /etc/rafale/rafale.yaml
)";

std::vector<std::string> passed_on(const ClusterCall& call) {
  std::vector<std::string> arguments;
  if (!call.config_file.empty()) arguments = {"--config", call.config_file};
  for (const std::string& assignment : call.assignments) {
    arguments.insert(arguments.end(), {"-c", assignment});
  }
  return arguments;
}

int run_nimbus(const std::vector<std::string>& given) {
  ClusterCall call;
  Arguments arguments(kNimbus);
  call.declare(arguments, false);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  return become("rafale-nimbus", passed_on(call));
}

int run_supervisor(const std::vector<std::string>& given) {
  ClusterCall call;
  bool stop_workers = false;
  Arguments arguments(kSupervisor);
  arguments.flag("--stop-workers-on-exit", stop_workers);
  call.declare(arguments, false);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  std::vector<std::string> passed = passed_on(call);
  if (stop_workers) passed.emplace_back("--stop-workers-on-exit");
  return become("rafale-supervisor", passed);
}

}  // namespace

const Verb kNimbus{"nimbus", "run a Nimbus", kNimbusText, run_nimbus};
const Verb kSupervisor{"supervisor", "run a supervisor", kSupervisorText, run_supervisor};

}  // namespace rafale::cli
