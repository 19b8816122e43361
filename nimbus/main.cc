// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// rafale-nimbus: makes the parts of a Nimbus and runs them until SIGTERM.

#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

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
#include "coord/daemon_store.h"
#include "nimbus/peers.h"
#include "nimbus/service_parts.h"
#include "nimbus/stats_codec.h"
#include "nimbus/totals_codec.h"

namespace rafale::nimbus {
namespace {

constexpr const char* kVersion = RAFALE_VERSION_STRING;

std::vector<common::Metric> metrics(const Driver& driver, const common::Clock& clock,
                                    bool leading) {
  std::vector<common::Metric> all;
  all.push_back(
      {"rafale_nimbus_leading", "1 if this Nimbus leads.", false, {{{}, leading ? 1.0 : 0.0}}});
  driver.with([&](const Coordinator& coordinator) {
    double alive = 0;
    for (const auto& [id, state] : coordinator.supervisors()) {
      if (coordinator.is_alive(id, clock.now_ns())) ++alive;
    }
    all.push_back(
        {"rafale_supervisors_alive", "Supervisors heard of in time.", false, {{{}, alive}}});
    all.push_back({"rafale_topologies",
                   "Topologies of the cluster.",
                   false,
                   {{{}, static_cast<double>(coordinator.view().topologies.size())}}});
  });
  return all;
}

absl::Status run(const common::ClusterConfig& config, const common::DaemonCall&) {
  const auto logger = common::log::make("nimbus");
  const common::SystemClock clock;
  auto store = coord::connect_to_zookeeper(config, clock);
  if (!store.ok()) return store.status();
  coord::ClusterState state(**store, config.zookeeper_root);
  const std::string dir = config.local_dir + "/nimbus";
  auto blobs = BlobStore::open(dir + "/blobs", config.max_plugin_bytes, clock);
  if (!blobs.ok()) return blobs.status();

  coord::NimbusInfo self;
  self.id = common::random_hex();
  self.host = config.host;
  self.version = kVersion;
  self.started_unix_ms = clock.wall_ms();

  StatsBook stats;
  TotalsKeeper totals(stats, dir + "/totals");
  std::unique_ptr<coord::Election> election;
  PeerGroup peers(state, self.id, config.security, **blobs);
  Driver driver(
      {.state = state,
       .blobs = **blobs,
       .clock = clock,
       .options = {.supervisor_timeout_ns = config.supervisor_timeout.count() * 1'000'000,
                   .worker_timeout_ns = config.worker_timeout.count() * 1'000'000,
                   .orphan_grace_ns = config.orphan_grace.count() * 1'000'000},
       .peers = {.replicate = [&](const std::string& blob) { return peers.replicate(blob); },
                 .fetch = [&](const std::string& blob) { return peers.fetch(blob); }},
       .on_removed = [&](const std::string& topology) { totals.forget(topology); }});

  common::RpcServer server(
      {.security = config.security, .methods = method_table(), .max_receive_bytes = 64 << 20});
  const auto port = server.listen_tcp(config.bind, config.nimbus_port);
  if (!port.ok()) return port.status();
  self.port = *port;
  auto http = common::HttpEndpoint::start(
      config.bind, config.nimbus_http_port,
      {.metrics =
           [&] {
             return metrics(driver, clock, election != nullptr && election->token().has_value());
           },
       .illness = [&store] { return coord::illness_of(**store); }});
  if (!http.ok()) return http.status();
  self.http_port = (*http)->port();

  const auto prepared = coord::prepare_when_reachable(state, config, "nimbus");
  if (!prepared.ok()) return prepared.status();
  if (!*prepared) return absl::OkStatus();
  election = coord::Election::start(state, self, [&driver] { driver.wake(); });
  driver.use(*election);
  const ServiceParts parts{.driver = driver,
                           .blobs = **blobs,
                           .stats = stats,
                           .state = state,
                           .clock = clock,
                           .self = self,
                           .election = [&]() -> const coord::Election& { return *election; },
                           .keep_totals =
                               [&](const std::string& topology) {
                                 totals.keep(topology);
                                 peers.push_totals(topology, stats);
                               },
                           .started_ns = clock.now_ns()};
  const auto users = make_user_service(parts);
  const auto supervisors = make_supervisor_service(parts);
  const auto workers = make_worker_service(parts);
  server.add(*users, "rafale.v1.Nimbus");
  server.add(*supervisors, "rafale.v1.NimbusForSupervisors");
  server.add(*workers, "rafale.v1.NimbusForWorkers");
  absl::Status started = server.start();
  if (!started.ok()) return started;
  driver.start();
  int seconds = 0;
  common::KeeperThread sampler(std::chrono::milliseconds(1000), [&] {
    stats.sample(clock.now_ns());
    common::notify_service_manager("WATCHDOG=1");
    if (++seconds % 10 != 0 || !election->token()) return;
    for (const std::string& topology : stats.topologies()) {
      totals.keep(topology);
      peers.push_totals(topology, stats);
    }
  });

  const nlohmann::json written{
      {"pid", getpid()}, {"host", self.host}, {"port", self.port}, {"http_port", self.http_port}};
  absl::Status file = common::write_durably(dir + "/nimbus.json", written.dump() + "\n");
  if (!file.ok()) return file;
  logger->info("ready on {}:{}, http port {}", config.host, self.port, self.http_port);
  common::notify_service_manager("READY=1");
  common::wait_for_end();
  common::notify_service_manager("STOPPING=1");
  logger->info("ending");
  election->resign();
  server.stop(std::chrono::milliseconds(500));
  sampler.stop();
  driver.stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace rafale::nimbus

int main(int argc, char** argv) {
  return rafale::common::daemon_main("rafale-nimbus", argc, argv, rafale::nimbus::run);
}
