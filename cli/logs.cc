// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale logs`: what a topology's workers wrote.

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/nimbus_client.h"
#include "cli/supervisor_client.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kLogsText = R"(usage: rafale logs TOPOLOGY [OPTION]...

Shows the logs of a topology's workers. With several workers each line begins with its place.

options:
  -n, --lines N       lines from the end of each log (default 200)
  -f, --follow        go on with what is appended, until Ctrl-C
  --component C       only lines that bear this component
  --port PORT         only the worker on this port
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  shown
  1  there is no such topology, or no Nimbus or supervisor answers
  2  the call is wrong

examples:
  rafale logs words -n 50
  rafale logs words -f --component split
)";

struct Source {
  std::string address;  // of the supervisor
  std::string place;    // of the worker
  std::uint32_t port = 0;
};

std::vector<Source> sources_of(const Json& status, const Json& cluster, std::uint32_t port) {
  std::map<std::string, std::string> address;
  for (const Json& supervisor : cluster["supervisors"]) {
    address[supervisor["id"].get<std::string>()] =
        fmt::format("{}:{}", supervisor["host"].get<std::string>(), supervisor["port"].get<int>());
  }
  std::vector<Source> sources;
  for (const Json& worker : status["workers"]) {
    const auto at = worker["port"].get<std::uint32_t>();
    if (port != 0 && at != port) continue;
    sources.push_back({address[worker["supervisor"].get<std::string>()],
                       fmt::format("{}:{}", worker["host"].get<std::string>(), at), at});
  }
  return sources;
}

int run_logs(const std::vector<std::string>& given) {
  ClusterCall call;
  LogCall log;
  std::string lines = "200";
  std::string port = "0";
  Arguments arguments(kLogs);
  arguments.operand("TOPOLOGY", log.topology)
      .option("-n,--lines", lines)
      .flag("-f,--follow", log.follow)
      .option("--component", log.component)
      .option("--port", port);
  call.declare(arguments, false);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto count = parse_number("--lines", lines, 1, 1'000'000);
  if (!count.ok()) return failed(count.status());
  const auto slot = parse_number("--port", port, 0, 65535);
  if (!slot.ok()) return failed(slot.status());
  log.lines = *count;
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  NimbusClient client(*config);
  const auto status = client.status(log.topology, ":all-time");
  if (!status.ok()) return failed(status.status());
  const auto cluster = client.cluster();
  if (!cluster.ok()) return failed(cluster.status());
  log.topology = (*status)["id"].get<std::string>();

  const std::vector<Source> sources = sources_of(*status, *cluster, *slot);
  if (sources.empty()) {
    complain(fmt::format("{} has no worker{}", log.topology,
                         *slot == 0 ? "" : fmt::format(" on port {}", *slot)));
    return kFailure;
  }
  std::mutex mutex;  // over the lines and the exit code
  int exit_code = kSuccess;
  std::vector<std::thread> readers;
  readers.reserve(sources.size());
  for (const Source& source : sources) {
    readers.emplace_back([&, source] {
      LogCall one = log;
      one.port = source.port;
      const std::string prefix = sources.size() == 1 ? "" : source.place + "  ";
      const absl::Status ended =
          read_log(source.address, config->security, one, [&](const std::string& line) {
            const std::lock_guard lock(mutex);
            fmt::print("{}{}\n", prefix, line);
            if (log.follow) std::fflush(stdout);
          });
      const std::lock_guard lock(mutex);
      if (!ended.ok()) {
        exit_code = kFailure;
        complain(fmt::format("{}: {}", source.place, std::string(ended.message())));
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  return exit_code;
}

}  // namespace

const Verb kLogs{"logs", "show what a topology's workers wrote", kLogsText, run_logs};

}  // namespace rafale::cli
