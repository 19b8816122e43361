// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// JSON, and counters by their names "COMPONENT|KIND|STREAM|TASK".

#include "supervisor/slot_codec.h"

#include <map>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/counter_file.h"
#include "common/durable_file.h"
#include "coord/cluster_codec.h"
#include "coord/stats_codec.h"

namespace rafale::supervisor {
namespace {

using Json = nlohmann::json;

std::uint64_t sum_of(const std::vector<std::uint64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

void add_buckets(const std::vector<std::uint64_t>& values,
                 std::map<std::uint32_t, std::uint64_t>& to) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0) to[static_cast<std::uint32_t>(i)] += values[i];
  }
}

void set_buckets(const std::map<std::uint32_t, std::uint64_t>& from, v1::HistogramCounts& to) {
  for (const auto& [bucket, count] : from) {
    to.add_buckets(bucket);
    to.add_values(count);
  }
}

/// Adds one number of one task.
void add_number(const std::string& kind, const std::string& stream, std::uint64_t n,
                v1::ComponentStats& to) {
  v1::FailureStats& failed = *to.mutable_failed();
  if (kind == "emitted" && !stream.empty()) {
    v1::StreamStats& s = coord::stream_of(to, stream);
    s.set_emitted(s.emitted() + n);
  } else if (kind == "transferred" && !stream.empty()) {
    v1::StreamStats& s = coord::stream_of(to, stream);
    s.set_transferred(s.transferred() + n);
  } else if (kind == "executed") {
    to.set_executed(to.executed() + n);
  } else if (kind == "acked") {
    to.set_acked(to.acked() + n);
  } else if (kind == "failed.timeout") {
    failed.set_timeout(failed.timeout() + n);
  } else if (kind == "failed.explicit") {
    failed.set_explicit_(failed.explicit_() + n);
  } else if (kind == "failed.exception") {
    failed.set_exception(failed.exception() + n);
  } else if (kind == "failed.peer_lost") {
    failed.set_peer_lost(failed.peer_lost() + n);
  } else if (kind == "skipped") {
    to.set_skipped(to.skipped() + n);
  } else if (kind == "replayed") {
    to.set_replayed(to.replayed() + n);
  } else if (kind == "dead_lettered") {
    to.set_dead_lettered(to.dead_lettered() + n);
  } else if (kind == "backpressured") {
    to.set_backpressured(to.backpressured() + n);
  } else if (kind == "busy_ns") {
    to.set_busy_ns(to.busy_ns() + n);
  }
}

}  // namespace

absl::Status remember(const std::string& dir, const Slot& slot) {
  Json executors = Json::array();
  for (const coord::ExecutorAssignment& executor : slot.wanted.executors) {
    executors.push_back({executor.component, executor.first_task, executor.last_task});
  }
  const Json json{{"port", slot.port},
                  {"pid", slot.pid},
                  {"start_time", slot.start_time},
                  {"topology", slot.wanted.topology},
                  {"name", slot.wanted.name},
                  {"worker", slot.wanted.worker},
                  {"instance_base", slot.wanted.instance_base},
                  {"executors", executors},
                  {"plugin_sha256", slot.wanted.plugin_sha256},
                  {"spec_sha256", slot.wanted.spec_sha256},
                  {"instance", slot.instance},
                  {"token", slot.token},
                  {"restarts", slot.restarts},
                  {"last_exit", slot.last_exit}};
  absl::Status made = common::make_private_folders(dir);
  return made.ok() ? common::write_durably(dir + "/slot.json", json.dump(1) + "\n") : made;
}

std::optional<Slot> recall(const std::string& dir) {
  const auto text = common::read_whole(dir + "/slot.json");
  if (!text.ok()) return std::nullopt;
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Slot slot;
  slot.port = json.value("port", 0u);
  slot.pid = json.value("pid", 0u);
  slot.start_time = json.value("start_time", std::uint64_t{0});
  slot.wanted.topology = json.value("topology", "");
  slot.wanted.name = json.value("name", "");
  slot.wanted.worker = json.value("worker", 0u);
  slot.wanted.instance_base = json.value("instance_base", 0u);
  for (const Json& executor : json.value("executors", Json::array())) {
    slot.wanted.executors.push_back({executor.at(0).get<std::string>(),
                                     executor.at(1).get<std::uint32_t>(),
                                     executor.at(2).get<std::uint32_t>()});
  }
  slot.wanted.plugin_sha256 = json.value("plugin_sha256", "");
  slot.wanted.spec_sha256 = json.value("spec_sha256", "");
  slot.instance = json.value("instance", 0u);
  slot.token = json.value("token", "");
  slot.restarts = json.value("restarts", 0u);
  slot.last_exit = json.value("last_exit", "");
  return slot;
}

absl::Status write_launch(const std::string& dir, const Slot& slot, const LaunchFacts& facts,
                          const common::ClusterConfig& config) {
  const auto blob = common::read_whole(facts.spec_blob);
  if (!blob.ok()) return blob.status();
  const auto spec = coord::decode<coord::TopologySpec>(*blob);
  if (!spec.ok()) return spec.status();
  absl::Status written =
      common::write_durably(dir + "/spec.pb", coord::to_proto(*spec).SerializeAsString());
  if (!written.ok()) return written;
  const Json json{{"topology", slot.wanted.topology},
                  {"name", slot.wanted.name},
                  {"worker", slot.wanted.worker},
                  {"instance", slot.instance},
                  {"token", slot.token},
                  {"plugin", facts.plugin},
                  {"spec", dir + "/spec.pb"},
                  {"supervisor", facts.supervisor},
                  {"supervisor_socket", facts.run_dir + "/supervisor.sock"},
                  {"host", config.host},
                  {"bind", config.bind},
                  {"port", slot.port},
                  {"unix_socket", absl::StrCat(facts.run_dir, "/", slot.port, ".sock")},
                  {"counter_file", dir + "/counters"},
                  {"nimbuses", facts.nimbuses},
                  {"tls_ca", config.security.ca_file},
                  {"tls_cert", config.security.cert_file},
                  {"tls_key", config.security.key_file},
                  {"insecure", config.security.insecure}};
  return common::write_durably(dir + "/launch.json", json.dump(1) + "\n");
}

absl::StatusOr<v1::WorkerStats> read_counters(const std::string& file,
                                              const coord::InstanceId& instance) {
  const auto blocks = common::read_counter_file(file);
  if (!blocks.ok()) return blocks.status();
  std::map<std::string, v1::ComponentStats> components;
  std::map<std::string, std::map<std::uint32_t, std::uint64_t>> execute;
  std::map<std::string, std::map<std::uint32_t, std::uint64_t>> complete;
  for (const common::CounterValues& block : *blocks) {
    const std::vector<std::string> parts = absl::StrSplit(block.block.name, '|');
    if (parts.size() != 4) continue;
    v1::ComponentStats& to = components[parts[0]];
    to.set_component(parts[0]);
    if (parts[1] == "execute_ns") {
      add_buckets(block.values, execute[parts[0]]);
    } else if (parts[1] == "complete_ns") {
      add_buckets(block.values, complete[parts[0]]);
    } else {
      add_number(parts[1], parts[2], sum_of(block.values), to);
    }
  }
  v1::WorkerStats stats;
  stats.set_topology(instance.topology);
  stats.set_worker(instance.worker);
  stats.set_instance(instance.instance);
  for (auto& [name, component] : components) {
    set_buckets(execute[name], *component.mutable_execute_ns());
    set_buckets(complete[name], *component.mutable_complete_ns());
    *stats.add_components() = std::move(component);
  }
  return stats;
}

}  // namespace rafale::supervisor
