// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Member by member.

#include "worker/cluster/cluster_codec.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace rafale::worker {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

template <class Ids>
Instances instances_of(const Ids& ids, const std::string& topology) {
  Instances current;
  for (const v1::InstanceId& id : ids) {
    if (id.topology() != topology) continue;
    std::uint32_t& known = current[id.worker()];
    known = std::max(known, id.instance());
  }
  return current;
}

void set_histogram(const Histogram::Counts& counts, v1::HistogramCounts& to) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    to.add_buckets(static_cast<std::uint32_t>(i));
    to.add_values(counts[i]);
  }
}

std::uint64_t rss_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  in >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void add_failures(const TaskCounters& counters, v1::FailureStats& to) {
  const auto of = [&](FailureCode code) {
    return counters.failed[static_cast<std::size_t>(code)].get();
  };
  to.set_timeout(to.timeout() + of(FailureCode::timeout));
  to.set_explicit_(to.explicit_() + of(FailureCode::explicit_));
  to.set_exception(to.exception() + of(FailureCode::exception));
  to.set_peer_lost(to.peer_lost() + of(FailureCode::peer_lost));
}

void add_spout(const AssembledTask& task, std::int64_t now_ns, v1::ComponentStats& to) {
  const TaskCounters& counters = task.output->counters();
  v1::SpoutStats& spout = *to.add_spouts();
  spout.set_task(task.output->task());
  spout.set_pending(counters.pending.get());
  spout.set_state(std::string(to_string(static_cast<SpoutState>(counters.state.get()))));
  const auto since = static_cast<std::int64_t>(counters.oldest_ns.get());
  if (counters.pending.get() > 0 && since > 0) {
    spout.set_oldest_pending_s(static_cast<double>(std::max<std::int64_t>(now_ns - since, 0)) /
                               1e9);
  }
  spout.set_lag(task.context->lag());
}

void add_task(const AssembledTask& task, v1::ComponentStats& to) {
  const TaskCounters& counters = task.output->counters();
  const auto& streams = task.def->streams;
  for (std::size_t s = 0; s < streams.size(); ++s) {
    const PortCounters& port = counters.port[stream_index(*task.def, streams[s].name)->index];
    v1::StreamStats& stream = *to.mutable_streams(static_cast<int>(s));
    stream.set_emitted(stream.emitted() + port.emitted.get());
    stream.set_transferred(stream.transferred() + port.transferred.get());
  }
  to.set_executed(to.executed() + counters.executed.get());
  to.set_acked(to.acked() + counters.acked.get());
  add_failures(counters, *to.mutable_failed());
  to.set_skipped(to.skipped() + counters.skipped.get());
  to.set_replayed(to.replayed() + counters.replayed.get());
  to.set_dead_lettered(to.dead_lettered() + counters.dead_lettered.get());
  to.set_backpressured(to.backpressured() + counters.backpressured.get());
  to.set_busy_ns(to.busy_ns() + counters.busy_ns.get());
}

}  // namespace

TopologyAssignment from_proto(const v1::Assignment& message) {
  TopologyAssignment assignment;
  assignment.topology = message.topology();
  assignment.epoch = message.epoch();
  assignment.spouts_active = message.spouts_active();
  assignment.plugin_sha256 = message.plugin_sha256();
  assignment.workers.reserve(static_cast<std::size_t>(message.workers_size()));
  for (const v1::WorkerAssignment& worker : message.workers()) {
    AssignedWorker& to = assignment.workers.emplace_back();
    to.number = worker.number();
    to.instance_base = worker.instance_base();
    to.supervisor = worker.supervisor();
    to.host = worker.host();
    to.port = static_cast<std::uint16_t>(worker.port());
    to.executors.reserve(static_cast<std::size_t>(worker.executors_size()));
    for (const v1::ExecutorAssignment& executor : worker.executors()) {
      to.executors.push_back({executor.component(), executor.first_task(), executor.last_task()});
    }
  }
  return assignment;
}

ClusterNews news_of(const v1::AttachResponse& message, const std::string& topology) {
  ClusterNews news;
  if (message.has_assignment()) news.assignment = from_proto(message.assignment());
  news.current = instances_of(message.current(), topology);
  news.nimbuses.assign(message.nimbuses().begin(), message.nimbuses().end());
  for (const v1::SupervisorInfo& supervisor : message.supervisors()) {
    news.socket_dirs[supervisor.id()] = supervisor.socket_dir();
  }
  news.stop = message.stop();
  news.stop_within_ms = message.stop_within_ms();
  return news;
}

ClusterNews news_of(const v1::WorkerHeartbeatResponse& message, const std::string& topology) {
  ClusterNews news;
  if (message.has_assignment()) news.assignment = from_proto(message.assignment());
  news.current = instances_of(message.current(), topology);
  news.nimbuses.assign(message.nimbuses().begin(), message.nimbuses().end());
  news.not_yours = message.not_yours();
  return news;
}

v1::WorkerStats stats_of(TopologyRuntime& runtime, const Launch& launch) {
  v1::WorkerStats stats;
  stats.set_topology(launch.topology);
  stats.set_worker(launch.worker);
  stats.set_instance(launch.instance);
  stats.set_uptime_ms(static_cast<std::uint64_t>(runtime.uptime_ns() / 1'000'000));
  stats.set_rss_bytes(rss_bytes());
  for (const PlannedComponent& component : runtime.plan().components()) {
    const ComponentDef& def = *component.def;
    v1::ComponentStats to;
    to.set_component(def.name);
    for (const StreamDef& stream : def.streams) to.add_streams()->set_stream(stream.name);
    Histogram::Counts execute{};
    Histogram::Counts complete{};
    std::set<const Executor*> executors;
    bool any = false;
    for (TaskId i = 0; i < def.tasks; ++i) {
      const AssembledTask& task = runtime.assembly().tasks()[component.first_task + i];
      if (task.output == nullptr) continue;
      any = true;
      add_task(task, to);
      task.output->counters().execute_ns.add_to(execute);
      task.output->counters().complete_ns.add_to(complete);
      if (!component.fused() && executors.insert(task.executor).second) {
        to.set_queued_batches(to.queued_batches() + task.executor->queued());
      }
      if (task.spout != nullptr) add_spout(task, runtime.now_ns(), to);
    }
    if (!any) continue;
    set_histogram(execute, *to.mutable_execute_ns());
    set_histogram(complete, *to.mutable_complete_ns());
    to.set_last_error(runtime.errors().last(def.name));
    *stats.add_components() = std::move(to);
  }
  return stats;
}

absl::StatusOr<Launch> read_launch(const std::string& dir) {
  const std::string path = dir + "/launch.json";
  const auto json = nlohmann::json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " cannot be read; supervisors write it for the workers they start"));
  }
  Launch launch;
  launch.topology = json.value("topology", "");
  launch.name = json.value("name", "");
  launch.worker = json.value("worker", 0u);
  launch.instance = json.value("instance", 1u);
  launch.token = json.value("token", "");
  launch.plugin = json.value("plugin", "");
  launch.spec = json.value("spec", "");
  launch.supervisor = json.value("supervisor", "");
  launch.supervisor_socket = json.value("supervisor_socket", "");
  launch.host = json.value("host", "");
  launch.bind = json.value("bind", "127.0.0.1");
  launch.port = json.value("port", std::uint16_t{0});
  launch.unix_socket = json.value("unix_socket", "");
  launch.counter_file = json.value("counter_file", "");
  launch.dead_letter_dir = json.value("dead_letter_dir", "");
  launch.nimbuses = json.value("nimbuses", std::vector<std::string>{});
  launch.tls_ca = json.value("tls_ca", "");
  launch.tls_cert = json.value("tls_cert", "");
  launch.tls_key = json.value("tls_key", "");
  launch.insecure = json.value("insecure", false);
  if (launch.topology.empty() || launch.plugin.empty() || launch.supervisor_socket.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " lacks topology, plugin or supervisor_socket"));
  }
  return launch;
}

absl::StatusOr<std::map<std::string, std::string>> read_settings(const std::string& spec_file) {
  v1::TopologySpec spec;
  if (!spec.ParseFromString(read_file(spec_file))) {
    return absl::DataLossError(absl::StrCat(spec_file, " holds no description of a topology"));
  }
  return std::map<std::string, std::string>(spec.settings().begin(), spec.settings().end());
}

}  // namespace rafale::worker
