// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Member by member.

#include "cli/views_codec.h"

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

double seconds(std::uint64_t ms) { return static_cast<double>(ms) / 1000.0; }

std::string stamp(std::int64_t unix_ms) {
  return unix_ms == 0 ? ""
                      : absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(unix_ms),
                                         absl::UTCTimeZone());
}

std::string_view state_name(v1::TopologyState state) {
  switch (state) {
    case v1::TOPOLOGY_STATE_ACTIVE:
      return "ACTIVE";
    case v1::TOPOLOGY_STATE_INACTIVE:
      return "INACTIVE";
    case v1::TOPOLOGY_STATE_KILLED:
      return "KILLED";
    case v1::TOPOLOGY_STATE_REBALANCING:
      return "REBALANCING";
    case v1::TOPOLOGY_STATE_FAILED:
      return "FAILED";
    default:
      return "UNKNOWN";
  }
}

std::string address_of(const v1::NimbusInfo& nimbus) {
  return nimbus.host() + ":" + std::to_string(nimbus.port());
}

Json worker_view(const v1::WorkerStatus& worker) {
  Json view{{"worker", worker.assignment().number()},
            {"host", worker.assignment().host()},
            {"port", worker.assignment().port()},
            {"pid", worker.pid()},
            {"uptime_s", seconds(worker.uptime_ms())},
            {"restarts", worker.restarts()},
            {"last_exit", worker.last_exit()},
            {"state", worker.state()},
            {"instance", worker.instance()},
            {"supervisor", worker.assignment().supervisor()},
            {"peers", worker.peers()},
            {"ready_peers", worker.ready_peers()},
            {"spouts_open", worker.spouts_open()},
            {"epoch", worker.adopted_epoch()}};
  if (!worker.last_words().empty()) view["last_words"] = worker.last_words();
  return view;
}

Json component_view(const v1::ComponentStatus& component) {
  const v1::ComponentStats& stats = component.stats();
  std::uint64_t emitted = 0;
  std::uint64_t transferred = 0;
  Json streams = Json::object();
  for (const v1::StreamStats& stream : stats.streams()) {
    emitted += stream.emitted();
    transferred += stream.transferred();
    streams[stream.stream()] = {{"emitted", stream.emitted()},
                                {"transferred", stream.transferred()}};
  }
  return {{"id", component.spec().name()},
          {"type", component.spec().spout() ? "spout" : "bolt"},
          {"executors", component.spec().executors()},
          {"tasks", component.spec().tasks()},
          {"emitted", emitted},
          {"transferred", transferred},
          {"executed", stats.executed()},
          {"acked", stats.acked()},
          {"failed",
           {{"timeout", stats.failed().timeout()},
            {"explicit", stats.failed().explicit_()},
            {"exception", stats.failed().exception()},
            {"peer_lost", stats.failed().peer_lost()}}},
          {"replayed", stats.replayed()},
          {"dead_lettered", stats.dead_lettered()},
          {"skipped", stats.skipped()},
          {"complete_latency_ms",
           {{"p50", component.complete_ms().p50()}, {"p99", component.complete_ms().p99()}}},
          {"execute_latency_us",
           {{"p50", component.execute_us().p50()}, {"p99", component.execute_us().p99()}}},
          {"capacity", component.capacity()},
          {"busy", component.busy()},
          {"backpressured", component.backpressured()},
          {"idle", component.idle()},
          {"queued_batches", stats.queued_batches()},
          {"streams", std::move(streams)},
          {"last_error", component.last_error()}};
}

void append_spouts(const v1::ComponentStatus& component, Json& to) {
  for (const v1::SpoutStats& spout : component.stats().spouts()) {
    Json view{{"component", component.spec().name()},
              {"task", spout.task()},
              {"state", spout.state()},
              {"pending", spout.pending()},
              {"oldest_pending_s", spout.oldest_pending_s()}};
    view["lag"] = spout.lag() < 0 ? Json() : Json(spout.lag());
    to.push_back(std::move(view));
  }
}

}  // namespace

Json cluster_view(const v1::GetClusterResponse& answer) {
  Json nimbuses = Json::array();
  for (const v1::NimbusInfo& nimbus : answer.nimbuses()) {
    nimbuses.push_back({{"id", nimbus.id()},
                        {"host", nimbus.host()},
                        {"port", nimbus.port()},
                        {"version", nimbus.version()},
                        {"leads", nimbus.id() == answer.leader().id()},
                        {"started", stamp(nimbus.started_unix_ms())},
                        {"http_port", nimbus.http_port()}});
  }
  Json supervisors = Json::array();
  for (const v1::SupervisorSummary& supervisor : answer.supervisors()) {
    supervisors.push_back({{"id", supervisor.info().id()},
                           {"host", supervisor.info().host()},
                           {"port", supervisor.info().port()},
                           {"slots", supervisor.info().slot_ports_size()},
                           {"used", supervisor.used_slots()},
                           {"uptime_s", seconds(supervisor.uptime_ms())},
                           {"alive", supervisor.alive()},
                           {"version", supervisor.info().version()},
                           {"protocol", supervisor.info().protocol()},
                           {"http_port", supervisor.info().http_port()},
                           {"free_disk_bytes", supervisor.free_disk_bytes()},
                           {"clock_ahead_ms", supervisor.clock_ahead_ms()}});
  }
  return {{"leader", answer.has_leader() ? Json(address_of(answer.leader())) : Json()},
          {"nimbuses", std::move(nimbuses)},
          {"supervisors", std::move(supervisors)},
          {"zookeeper", answer.zookeeper()},
          {"self", address_of(answer.self())},
          {"version", answer.self().version()}};
}

Json list_view(const v1::ListTopologiesResponse& answer) {
  Json view = Json::array();
  for (const v1::TopologySummary& topology : answer.topologies()) {
    view.push_back({{"name", topology.record().name()},
                    {"id", topology.record().id()},
                    {"status", state_name(topology.record().state())},
                    {"uptime_s", seconds(topology.uptime_ms())},
                    {"workers", topology.workers()},
                    {"running_workers", topology.running_workers()},
                    {"executors", topology.executors()},
                    {"tasks", topology.tasks()},
                    {"owner", topology.record().owner()},
                    {"reason", topology.record().reason()}});
  }
  return view;
}

Json status_view(const v1::GetStatusResponse& answer) {
  Json workers = Json::array();
  for (const v1::WorkerStatus& worker : answer.workers()) workers.push_back(worker_view(worker));
  Json components = Json::array();
  Json spouts = Json::array();
  for (const v1::ComponentStatus& component : answer.components()) {
    components.push_back(component_view(component));
    append_spouts(component, spouts);
  }
  Json view{{"name", answer.record().name()},
            {"id", answer.record().id()},
            {"status", answer.status()},
            {"uptime_s", seconds(answer.uptime_ms())},
            {"epoch", answer.epoch()},
            {"workers", std::move(workers)},
            {"components", std::move(components)},
            {"spouts", std::move(spouts)}};
  if (answer.unplaced_executors() > 0) view["unplaced_executors"] = answer.unplaced_executors();
  if (!answer.reason().empty()) view["reason"] = answer.reason();
  if (answer.counted_until_unix_ms() != 0) {
    view["counted_until"] = stamp(answer.counted_until_unix_ms());
  }
  return view;
}

Json errors_view(const v1::GetErrorsResponse& answer) {
  Json view = Json::array();
  for (const v1::ErrorEntry& error : answer.errors()) {
    view.push_back({{"component", error.component()},
                    {"at", stamp(error.at_unix_ms())},
                    {"count", error.count()},
                    {"host", error.host()},
                    {"port", error.port()},
                    {"text", error.text()}});
  }
  return view;
}

Json workers_view(const v1::Assignment& assignment) {
  Json view = Json::array();
  for (const v1::WorkerAssignment& worker : assignment.workers()) {
    Json executors = Json::object();
    for (const v1::ExecutorAssignment& executor : worker.executors()) {
      executors[executor.component()].push_back({executor.first_task(), executor.last_task()});
    }
    view.push_back({{"worker", worker.number()},
                    {"host", worker.host()},
                    {"port", worker.port()},
                    {"supervisor", worker.supervisor()},
                    {"executors", std::move(executors)}});
  }
  return view;
}

v1::TopologySpec spec_of(const Json& graph, const std::map<std::string, std::string>& settings) {
  v1::TopologySpec spec;
  spec.set_name(graph.value("topology", ""));
  spec.set_workers(std::max(graph.value("workers", 1u), 1u));
  spec.set_abi(graph.value("abi", 0u));
  spec.set_description(graph.dump());
  for (const Json& component : graph["components"]) {
    v1::ComponentSpec& to = *spec.add_components();
    to.set_name(component.value("name", ""));
    to.set_spout(component.value("kind", "") == "spout");
    to.set_executors(component.value("executors", 1u));
    to.set_tasks(component.value("tasks", 1u));
    to.set_first_task(component.value("first_task", 0u));
    to.set_fused_into(component.value("fused_into", ""));
  }
  for (const auto& [key, text] : settings) (*spec.mutable_settings())[key] = text;
  return spec;
}

}  // namespace rafale::cli
