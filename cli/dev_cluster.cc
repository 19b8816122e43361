// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale dev-cluster`: a whole cluster on this machine, for development and tests.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/certificate_files.h"
#include "cli/cluster_call.h"
#include "cli/dev_cluster_files.h"
#include "cli/nimbus_client.h"
#include "cli/output.h"
#include "cli/programs.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "common/clock.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kDevClusterText =
    R"(usage: rafale dev-cluster start|stop|status [OPTION]...

A whole cluster on this machine: ZooKeeper, Nimbus and supervisors with four slots each, on free
ports of the loopback device. start returns when the cluster is ready; stop ends its topologies and
leaves no process behind. The directory keeps logs and state; a later start there finds the
topologies again unless --fresh is given.

options:
  --supervisors N     (default 3)
  --nimbus N          (default 1); one leads, the others stand by
  --dir DIR           where it lives (default ~/.local/state/rafale/dev-cluster)
  --hosts             each supervisor plays a host of its own, 127.0.0.2 and on: its workers talk to
                      those of others by TCP, as across machines, not by unix sockets
  --tls               start: an authority and certificates of its own; all that listens on TCP takes
                      mutual TLS
  --fresh             start: forget what an earlier cluster left in the directory
  -o, --output FORM   table, json or yaml (default table)
  -h, --help          this text

exit codes:
  0  started, stopped; status: all its processes run
  1  it did not start (the message names the log); status: something is missing
  2  the call is wrong

examples:
  rafale dev-cluster start
  export RAFALE_CONFIG=~/.local/state/rafale/dev-cluster/rafale.yaml
  rafale submit bike_fleet.so --wait
  rafale dev-cluster stop
)";

constexpr std::size_t kSlots = 4;
constexpr const char* kZookeeperJar = "/usr/share/java/zookeeper.jar";
constexpr const char* kJava = "/usr/bin/java";

struct DevCall {
  std::string action;
  std::string dir = DevClusterFiles::default_dir();
  std::string output;
  std::uint32_t supervisors = 3;
  std::uint32_t nimbuses = 1;
  bool fresh = false;
  bool hosts = false;
  bool tls = false;
};

/// The end of a log, for a complaint.
std::string tail_of(const std::string& path) {
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  constexpr std::size_t kMost = 1500;
  return text.size() <= kMost ? text : text.substr(text.size() - kMost);
}

/// Starts the processes one by one and remembers each at once.
class Starter {
 public:
  Starter(const DevClusterFiles& files, const DevCall& call)
      : files_(files), call_(call), certificates_(files.path("certs"), true) {}

  absl::Status start() {
    if (absl::Status status = choose_ports(); !status.ok()) return status;
    if (absl::Status status = start_zookeeper(); !status.ok()) return status;
    for (std::uint32_t i = 1; i <= call_.nimbuses; ++i) {
      const std::string name = fmt::format("nimbus-{}", i);
      absl::Status status =
          start_daemon(name, "rafale-nimbus", "nimbus",
                       {"-c", fmt::format("nimbus.thrift.port={}", ports_.nimbuses[i - 1])});
      if (!status.ok()) return status;
    }
    for (std::uint32_t i = 1; i <= call_.supervisors; ++i) {
      std::string slots;
      for (const std::uint16_t port : ports_.slots[i - 1]) {
        slots += fmt::format("{}{}", slots.empty() ? "" : ",", port);
      }
      std::vector<std::string> options{"--stop-workers-on-exit", "-c",
                                       fmt::format("supervisor.slots.ports=[{}]", slots)};
      if (call_.hosts) {
        for (const char* key : {"storm.local.hostname", "rafale.bind"}) {
          options.insert(options.end(), {"-c", fmt::format("{}=127.0.0.{}", key, i + 1)});
        }
      }
      absl::Status status =
          start_daemon(fmt::format("supervisor-{}", i), "rafale-supervisor", "supervisor", options);
      if (!status.ok()) return status;
    }
    return wait_until_ready();
  }

 private:
  absl::Status choose_ports() {
    const auto ports = free_ports(1 + call_.nimbuses + kSlots * std::size_t{call_.supervisors});
    if (!ports.ok()) return ports.status();
    auto next = ports->begin();
    ports_.zookeeper = *next++;
    for (std::uint32_t i = 0; i < call_.nimbuses; ++i) ports_.nimbuses.push_back(*next++);
    for (std::uint32_t i = 0; i < call_.supervisors; ++i, next += kSlots) {
      ports_.slots.emplace_back(next, next + kSlots);
    }
    std::vector<std::string> dirs{"logs", "zookeeper"};
    if (absl::Status status = files_.make_dirs(dirs); !status.ok()) return status;
    std::string settings = cluster_settings(ports_);
    if (call_.tls) {
      if (absl::Status status = make_certificates(); !status.ok()) return status;
      settings += certificates_.settings("user");
    }
    if (absl::Status status = files_.write("rafale.yaml", settings); !status.ok()) return status;
    return files_.write("zoo.cfg", zookeeper_settings(files_, ports_.zookeeper));
  }

  absl::Status make_certificates() const {
    absl::Status done = certificates_.make_authority();
    for (const char* role : {"nimbus", "supervisor", "user"}) {
      if (done.ok()) done = certificates_.issue(role, role, {});
    }
    return done;
  }

  absl::Status start_zookeeper() {
    if (!std::filesystem::exists(kZookeeperJar) || !std::filesystem::exists(kJava)) {
      return absl::FailedPreconditionError(
          "ZooKeeper's server is not installed; on Debian: apt install zookeeper");
    }
    return remember(
        "zookeeper",
        {kJava, "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", kZookeeperJar,
         "org.apache.zookeeper.server.ZooKeeperServerMain", files_.path("zoo.cfg")});
  }

  absl::Status start_daemon(const std::string& name, const std::string& program,
                            const std::string& role, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{program_beside(program), "--config", files_.config(), "-c",
                                       fmt::format("storm.local.dir={}", files_.path(name))};
    arguments.insert(arguments.end(), more.begin(), more.end());
    if (call_.tls) {  // instead of the user's in rafale.yaml
      arguments.insert(arguments.end(),
                       {"-c", "rafale.tls.cert=" + certificates_.path(role + ".pem"), "-c",
                        "rafale.tls.key=" + certificates_.path(role + ".key")});
    }
    return remember(name, arguments);
  }

  absl::Status remember(const std::string& name, const std::vector<std::string>& arguments) {
    const std::string log = files_.path(fmt::format("logs/{}.log", name));
    const auto process = start_detached(arguments, log);
    if (!process.ok()) return process.status();
    processes_.push_back({name, *process, log});
    return files_.save(processes_);
  }

  absl::Status wait_until_ready() {
    const auto config = common::ClusterConfig::load(files_.config());
    if (!config.ok()) return config.status();
    NimbusClient client(*config);
    client.set_timeout(milliseconds(2000));
    const common::SystemClock clock;
    const auto end = clock.now() + seconds(60);
    while (clock.now() < end) {
      for (const DevProcess& process : processes_) {
        if (!runs(process.process)) {
          return absl::FailedPreconditionError(fmt::format(
              "{} ended; the end of {}:\n{}", process.name, process.log, tail_of(process.log)));
        }
      }
      const auto cluster = client.cluster();
      if (cluster.ok() && (*cluster)["nimbuses"].size() == call_.nimbuses &&
          std::ranges::count_if((*cluster)["supervisors"], [](const Json& supervisor) {
            return supervisor["alive"].get<bool>();
          }) == static_cast<std::ptrdiff_t>(call_.supervisors)) {
        return absl::OkStatus();
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
    return absl::DeadlineExceededError(
        fmt::format("not ready after 60 s; the logs are in {}", files_.path("logs")));
  }

  const DevClusterFiles& files_;
  const DevCall& call_;
  const CertificateFiles certificates_;
  DevPorts ports_;
  std::vector<DevProcess> processes_;
};

/// Ends everything, in an order in which nothing is missed by what still runs.
std::size_t end_all(const DevClusterFiles& files) {
  std::vector<DevProcess> processes = files.processes();
  std::size_t ended = 0;
  const auto end_named = [&](std::string_view prefix, seconds grace) {
    std::vector<std::thread> threads;
    for (const DevProcess& process : processes) {
      if (!process.name.starts_with(prefix) || !runs(process.process)) continue;
      ++ended;
      threads.emplace_back([process, grace] { end(process.process, grace); });
    }
    for (std::thread& thread : threads) thread.join();
  };
  end_named("supervisor", seconds(20));
  for (const common::ProcessId& worker : files.workers()) {
    if (runs(worker)) {
      ++ended;
      end(worker, seconds(5));
    }
  }
  end_named("nimbus", seconds(5));
  end_named("zookeeper", seconds(5));
  files.remove_state();
  return ended;
}

int start(const DevCall& call) {
  const DevClusterFiles files(call.dir);
  const std::vector<DevProcess> before = files.processes();
  if (std::ranges::any_of(before, [](const DevProcess& p) { return runs(p.process); })) {
    complain(fmt::format("a cluster runs in {} already; rafale dev-cluster stop --dir {} ends it",
                         files.dir(), files.dir()));
    return kFailure;
  }
  end_all(files);  // workers that an interrupted stop left
  if (call.fresh) {
    std::error_code error;
    std::filesystem::remove_all(files.dir(), error);
  }
  const common::SystemClock clock;
  const auto began = clock.now_ms();
  if (absl::Status status = Starter(files, call).start(); !status.ok()) {
    end_all(files);
    return failed(status);
  }
  const Json result{{"dir", files.dir()},
                    {"config", files.config()},
                    {"nimbuses", call.nimbuses},
                    {"supervisors", call.supervisors}};
  if (!print_structured(result, call.output)) {
    fmt::print(stderr, "ready after {:.1f} s: {} Nimbus, {} supervisors with {} slots each\n",
               static_cast<double>(clock.now_ms() - began) / 1000, call.nimbuses, call.supervisors,
               kSlots);
    fmt::print("export RAFALE_CONFIG={}\n", files.config());
    const std::string where =
        call.dir == DevClusterFiles::default_dir() ? "" : fmt::format(" --dir {}", call.dir);
    fmt::print(stderr,
               "\nthen try:\n"
               "  rafale submit {} --wait -c topology.workers=3 -c bikes.parallelism=3\n"
               "  rafale status\n"
               "  rafale dev-cluster stop{}\n",
               program_beside("bike_fleet.so"), where);
  }
  return kSuccess;
}

int stop(const DevCall& call) {
  const DevClusterFiles files(call.dir);
  const std::size_t ended = end_all(files);
  if (!print_structured(Json{{"dir", files.dir()}, {"ended", ended}}, call.output)) {
    fmt::print("{}\n", ended == 0 ? fmt::format("no cluster runs in {}", files.dir())
                                  : fmt::format("stopped; {} processes ended", ended));
  }
  return kSuccess;
}

int show(const DevCall& call) {
  const DevClusterFiles files(call.dir);
  const std::vector<DevProcess> processes = files.processes();
  Json result = Json::array();
  Table table({"PROCESS", "STATE", "PID", "LOG"});
  bool all = !processes.empty();
  for (const DevProcess& process : processes) {
    const bool alive = runs(process.process);
    all = all && alive;
    result.push_back({{"name", process.name},
                      {"running", alive},
                      {"pid", process.process.pid},
                      {"log", process.log}});
    table.add(
        {process.name, alive ? "runs" : "ended", std::to_string(process.process.pid), process.log});
  }
  if (print_structured(result, call.output)) return all ? kSuccess : kFailure;
  if (processes.empty()) {
    fmt::print("no cluster runs in {}\n", files.dir());
  } else {
    fmt::print("{}\nexport RAFALE_CONFIG={}\n", table.text(), files.config());
  }
  return all ? kSuccess : kFailure;
}

int run_dev_cluster(const std::vector<std::string>& given) {
  DevCall call;
  std::string supervisors = "3";
  std::string nimbuses = "1";
  Arguments arguments(kDevCluster);
  arguments.operand("start, stop or status", call.action)
      .option("--supervisors", supervisors)
      .option("--nimbus", nimbuses)
      .option("--dir", call.dir)
      .flag("--hosts", call.hosts)
      .flag("--tls", call.tls)
      .flag("--fresh", call.fresh)
      .choice("-o,--output", call.output, {"table", "json", "yaml"});
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto supervisor_count = parse_number("--supervisors", supervisors, 1, 50);
  if (!supervisor_count.ok()) return failed(supervisor_count.status());
  const auto nimbus_count = parse_number("--nimbus", nimbuses, 1, 9);
  if (!nimbus_count.ok()) return failed(nimbus_count.status());
  call.supervisors = *supervisor_count;
  call.nimbuses = *nimbus_count;
  if (call.action == "start") return start(call);
  if (call.action == "stop") return stop(call);
  if (call.action == "status") return show(call);
  complain(fmt::format("dev-cluster does start, stop or status, not '{}'", call.action));
  return kWrongCall;
}

}  // namespace

const Verb kDevCluster{"dev-cluster", "run a whole cluster on this machine", kDevClusterText,
                       run_dev_cluster};

}  // namespace rafale::cli
