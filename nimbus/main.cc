// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// rafale-nimbus: makes the parts of a Nimbus and runs them until SIGTERM.

#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <thread>

#include <grpcpp/impl/codegen/service_type.h>
#include <nlohmann/json.hpp>
#include <spdlog/logger.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/daemon.h"
#include "common/durable_file.h"
#include "common/http_endpoint.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/random.h"
#include "common/rpc/server.h"
#include "coord/keeper_thread.h"
#include "coord/zookeeper_store.h"
#include "nimbus/peers.h"
#include "nimbus/service_parts.h"
#include "nimbus/stats_codec.h"
#include "nimbus/totals_codec.h"

namespace rafale::nimbus {
namespace {

constexpr const char* kVersion = RAFALE_VERSION_STRING;

std::int64_t unix_ms(const common::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall_now().time_since_epoch())
      .count();
}

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

int fail(const absl::Status& status) {
  std::cerr << "rafale-nimbus: " << status.message() << "\n";
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

int run(const common::ClusterConfig& config) {
  const auto logger = common::log::make("nimbus");
  const common::SystemClock clock;
  auto store = coord::connect_to_zookeeper({.servers = config.zookeeper_connect(),
                                            .session = config.zookeeper_session,
                                            .insecure = config.zookeeper_insecure},
                                           clock);
  if (!store.ok()) return fail(store.status());
  coord::ClusterState state(**store, config.zookeeper_root);
  const std::string dir = config.local_dir + "/nimbus";
  auto blobs = BlobStore::open(dir + "/blobs", config.max_plugin_bytes, clock);
  if (!blobs.ok()) return fail(blobs.status());

  coord::NimbusInfo self;
  self.id = absl::StrCat(absl::Hex(common::random_seed(), absl::kZeroPad16));
  self.host = config.host;
  self.version = kVersion;
  self.started_unix_ms = unix_ms(clock);

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
  if (!port.ok()) return fail(port.status());
  self.port = *port;
  auto http = common::HttpEndpoint::start(
      config.bind, config.nimbus_http_port,
      {.metrics =
           [&] {
             return metrics(driver, clock, election != nullptr && election->token().has_value());
           },
       .illness =
           [&] {
             return (*store)->connection() == coord::Connection::connected
                        ? std::string()
                        : std::string("ZooKeeper is away");
           }});
  if (!http.ok()) return fail(http.status());
  self.http_port = (*http)->port();

  // Nothing can be done before ZooKeeper answers; it may come later.
  bool told = false;
  absl::Status prepared = absl::UnavailableError("");
  while (!(prepared = state.prepare()).ok()) {
    if (absl::IsFailedPrecondition(prepared)) return fail(prepared);
    if (!std::exchange(told, true)) {
      logger->info("waiting for ZooKeeper at {}", config.zookeeper_connect());
    }
    if (common::wait_for_end_or(std::chrono::milliseconds(20))) return 0;
  }
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
  const absl::Status started = server.start();
  if (!started.ok()) return fail(started);
  driver.start();
  int seconds = 0;
  coord::KeeperThread sampler(std::chrono::milliseconds(1000), [&] {
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
  const absl::Status file = common::write_durably(dir + "/nimbus.json", written.dump() + "\n");
  if (!file.ok()) return fail(file);
  logger->info("ready on {}:{}, http port {}", config.host, self.port, self.http_port);
  common::notify_service_manager("READY=1");
  common::wait_for_end();
  common::notify_service_manager("STOPPING=1");
  logger->info("ending");
  election->resign();
  server.stop(std::chrono::milliseconds(500));
  sampler.stop();
  driver.stop();
  return 0;
}

}  // namespace
}  // namespace rafale::nimbus

int main(int argc, char** argv) {
  using namespace rafale;
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  mallopt(M_ARENA_MAX, 2);
  common::hold_back_signals();
  common::log::set_up(common::log::Format::text, spdlog::level::info, false);
  const auto call = common::DaemonCall::parse("rafale-nimbus", {argv + 1, argv + argc});
  if (!call.ok()) return nimbus::fail(call.status());
  const auto config = common::ClusterConfig::load(call->config_file, call->overrides);
  if (!config.ok()) return nimbus::fail(config.status());
  return nimbus::run(*config);
}
