// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// rafale-supervisor: makes the parts of a supervisor and runs them until SIGTERM.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>

#include <grpcpp/impl/codegen/service_type.h>
#include <nlohmann/json.hpp>
#include <spdlog/logger.h>

#include "absl/strings/str_cat.h"
#include "common/daemon.h"
#include "common/durable_file.h"
#include "common/http_endpoint.h"
#include "common/keeper_thread.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/random.h"
#include "common/rpc/server.h"
#include "coord/cluster_codec.h"
#include "coord/daemon_store.h"
#include "coord/registration.h"
#include "supervisor/attach_service.h"
#include "supervisor/supervisor_service.h"

namespace rafale::supervisor {
namespace {

constexpr const char* kVersion = RAFALE_VERSION_STRING;

/// The same after every start on this folder.
absl::StatusOr<std::string> own_id(const std::string& dir) {
  const auto known = common::read_whole(dir + "/id");
  if (known.ok() && !known->empty()) return *known;
  std::string id = common::random_hex();
  absl::Status written = common::write_durably(dir + "/id", id);
  if (!written.ok()) return written;
  return id;
}

/// Two supervisors on one folder would each start the same workers.
absl::Status lock_folder(const std::string& dir) {
  const int fd = open((dir + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();  // held to the end
  return absl::FailedPreconditionError(
      absl::StrCat("another supervisor uses ", dir, "; storm.local.dir names the folder"));
}

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

std::vector<common::Metric> metrics(const Driver& driver) {
  common::Metric slots{"rafale_supervisor_slots", "Slots by state.", false, {}};
  for (const auto& [state, count] : driver.states()) {
    slots.samples.push_back({{{"state", state}}, static_cast<double>(count)});
  }
  return {slots,
          {"rafale_supervisor_worker_deaths_total",
           "Workers that ended.",
           true,
           {{{}, static_cast<double>(driver.deaths())}}}};
}

common::MethodTable user_methods() {
  common::MethodTable table;
  for (const char* method : {"ReadLog", "GetSupervisor"}) {
    table.allow(absl::StrCat("/rafale.v1.Supervisor/", method),
                {common::Role::user, common::Role::nimbus});
  }
  return table;
}

common::MethodTable worker_methods() {
  common::MethodTable table;
  table.allow("/rafale.v1.SupervisorForWorkers/Attach", {common::Role::worker});
  return table;
}

absl::Status run(const common::ClusterConfig& config, const common::DaemonCall& call) {
  const bool stop_workers = call.stop_workers_on_exit;
  const auto logger = common::log::make("supervisor");
  const common::SystemClock clock;
  const std::string dir = config.local_dir + "/supervisor";
  absl::Status ready = common::make_private_folders(dir);
  if (ready.ok()) ready = lock_folder(dir);
  if (!ready.ok()) return ready;
  const auto id = own_id(dir);
  if (!id.ok()) return id.status();
  auto store = coord::connect_to_zookeeper(config, clock);
  if (!store.ok()) return store.status();
  coord::ClusterState state(**store, config.zookeeper_root);

  coord::SupervisorInfo self;
  self.id = *id;
  self.incarnation = common::random_hex();
  self.host = config.host;
  self.slot_ports.assign(config.slot_ports.begin(), config.slot_ports.end());
  self.version = kVersion;
  self.boot_id = boot_id();
  self.started_unix_ms = clock.wall_ms();
  self.socket_dir = config.local_dir + "/run";

  common::RpcServer users({.security = config.security, .methods = user_methods()});
  const auto port = users.listen_tcp(config.bind, config.supervisor_port);
  if (!port.ok()) return port.status();
  self.port = *port;
  std::unique_ptr<Driver> driver;
  auto http = common::HttpEndpoint::start(
      config.bind, config.supervisor_http_port,
      {.metrics =
           [&driver] {
             return driver == nullptr ? std::vector<common::Metric>() : metrics(*driver);
           },
       .illness = [&store] { return coord::illness_of(**store); }});
  if (!http.ok()) return http.status();
  self.http_port = (*http)->port();

  const auto prepared = coord::prepare_when_reachable(state, config, "supervisor");
  if (!prepared.ok()) return prepared.status();
  if (!*prepared) return absl::OkStatus();
  driver = std::make_unique<Driver>(state, config, self, clock);
  std::atomic<bool> stopping{false};
  const auto service = make_supervisor_service(*driver, self, config.log_dir, stopping);
  users.add(*service, "rafale.v1.Supervisor");
  ready = users.start();
  if (!ready.ok()) return ready;
  driver->find_workers();
  common::RpcServer workers({.security = {}, .methods = worker_methods()});
  workers.add(driver->hub().service(), "rafale.v1.SupervisorForWorkers");
  ready = workers.listen_unix(self.socket_dir + "/supervisor.sock");
  if (ready.ok()) ready = workers.start();
  if (!ready.ok()) return ready;
  driver->start();
  auto registration =
      coord::Registration::start(**store, state.supervisor_path(self.id), coord::encode(self));
  common::KeeperThread watchdog(std::chrono::milliseconds(1000), [&driver] {
    static_cast<void>(driver->states());  // proves that its thread lets go of its lock
    common::notify_service_manager("WATCHDOG=1");
  });
  const nlohmann::json written{{"pid", getpid()},
                               {"id", self.id},
                               {"host", self.host},
                               {"port", self.port},
                               {"http_port", self.http_port},
                               {"slots", self.slot_ports}};
  ready = common::write_durably(dir + "/supervisor.json", written.dump() + "\n");
  if (!ready.ok()) return ready;
  logger->info("ready: {} on {}:{}, {} slots, http port {}", self.id, self.host, self.port,
               self.slot_ports.size(), self.http_port);
  common::notify_service_manager("READY=1");
  common::wait_for_end();
  common::notify_service_manager("STOPPING=1");
  logger->info(stop_workers ? "ending, with its workers" : "ending; its workers run on");
  watchdog.stop();
  stopping = true;
  driver->stop(stop_workers);
  registration.reset();
  workers.stop(std::chrono::milliseconds(200));
  users.stop(std::chrono::milliseconds(200));
  return absl::OkStatus();
}

}  // namespace
}  // namespace rafale::supervisor

int main(int argc, char** argv) {
  return rafale::common::daemon_main("rafale-supervisor", argc, argv, rafale::supervisor::run);
}
