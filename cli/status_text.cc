// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Layout of status_text.h.

#include "cli/status_text.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "cli/output.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& value) { return value.get<std::string>(); }

std::string percent(const Json& share) { return fmt::format("{:.0f}%", share.get<double>() * 100); }

/// "12 timeout, 3 peer_lost", or "0".
std::string failures(const Json& failed) {
  std::string text;
  for (const auto& [reason, count] : failed.items()) {
    if (count.get<std::uint64_t>() == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get<std::uint64_t>(), reason);
  }
  return text.empty() ? "0" : text;
}

std::string latency(const Json& quantiles) {
  return quantiles["p99"].get<double>() == 0
             ? "-"
             : fmt::format("{}/{}", cell(quantiles["p50"]), cell(quantiles["p99"]));
}

std::string one_line(std::string text, std::size_t most) {
  std::ranges::replace(text, '\n', ' ');
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

std::string workers_text(const Json& workers) {
  Table table({"WORKER", "PLACE", "STATE", "PID", "UPTIME", "RESTARTS", "LAST EXIT"});
  std::string words;
  for (const Json& worker : workers) {
    std::string state = text_of(worker["state"]);
    if (state == "starting" && worker["ready_peers"] != worker["peers"]) {
      state += fmt::format(" ({} of {} peers)", cell(worker["ready_peers"]), cell(worker["peers"]));
    }
    table.add({cell(worker["worker"]),
               fmt::format("{}:{}", text_of(worker["host"]), worker["port"].get<int>()), state,
               worker["pid"] == 0 ? "-" : cell(worker["pid"]),
               uptime_text(worker["uptime_s"].get<double>()), cell(worker["restarts"]),
               one_line(cell(worker["last_exit"]), 60)});
    if (worker.contains("last_words")) {
      words += fmt::format("\nlast words of worker {} on {}:{}:\n  {}\n", cell(worker["worker"]),
                           text_of(worker["host"]), worker["port"].get<int>(),
                           [text = text_of(worker["last_words"])]() mutable {
                             for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos;) {
                               text.replace(at, 1, "\n  ");
                               at += 3;
                             }
                             return text;
                           }());
    }
  }
  return table.text() + words;
}

std::string components_text(const Json& components) {
  Table table({"COMPONENT", "TYPE", "EXEC", "TASKS", "EMITTED", "EXECUTED", "ACKED", "FAILED",
               "COMPLETE ms", "EXECUTE us", "CAPACITY", "BUSY"});
  std::string errors;
  for (const Json& component : components) {
    table.add({text_of(component["id"]), text_of(component["type"]), cell(component["executors"]),
               cell(component["tasks"]), cell(component["emitted"]), cell(component["executed"]),
               cell(component["acked"]), failures(component["failed"]),
               latency(component["complete_latency_ms"]), latency(component["execute_latency_us"]),
               fmt::format("{:.2f}", component["capacity"].get<double>()),
               percent(component["busy"])});
    const std::string error = text_of(component["last_error"]);
    if (!error.empty()) errors += fmt::format("  {}: {}\n", text_of(component["id"]), error);
  }
  return table.text() + (errors.empty() ? "" : "\nlast errors:\n" + errors);
}

std::string spouts_text(const Json& spouts) {
  Table table({"SPOUT", "TASK", "STATE", "PENDING", "OLDEST", "LAG"});
  for (const Json& spout : spouts) {
    table.add({text_of(spout["component"]), cell(spout["task"]), text_of(spout["state"]),
               cell(spout["pending"]),
               fmt::format("{:.1f}s", spout["oldest_pending_s"].get<double>()),
               cell(spout["lag"])});
  }
  return table.empty() ? "" : "\n" + table.text();
}

const Json* component_of(const Json& status, const Json& id) {
  const Json& components = status["components"];
  const auto found = std::ranges::find_if(
      components, [&id](const Json& component) { return component["id"] == id; });
  return found == components.end() ? nullptr : &*found;
}

}  // namespace

std::string status_text(const Json& status) {
  std::string text =
      fmt::format("{}  {}  up {}  {}\n", text_of(status["name"]), text_of(status["status"]),
                  uptime_text(status["uptime_s"].get<double>()), text_of(status["id"]));
  if (status.contains("reason")) text += fmt::format("reason: {}\n", text_of(status["reason"]));
  if (status.contains("unplaced_executors")) {
    text += fmt::format("{} executors find no free slot; rafale supervisors have none left\n",
                        cell(status["unplaced_executors"]));
  }
  if (status.contains("counted_until")) {
    text += fmt::format("a machine was lost: its workers are counted until {}\n",
                        text_of(status["counted_until"]));
  }
  return text + "\n" + workers_text(status["workers"]) + "\n" +
         components_text(status["components"]) + spouts_text(status["spouts"]);
}

std::string cluster_text(const Json& cluster, const Json& topologies) {
  Table nimbuses({"NIMBUS", "LEADS", "VERSION"});
  for (const Json& nimbus : cluster["nimbuses"]) {
    nimbuses.add({fmt::format("{}:{}", text_of(nimbus["host"]), nimbus["port"].get<int>()),
                  nimbus["leads"].get<bool>() ? "yes" : "no", text_of(nimbus["version"])});
  }
  Table supervisors({"SUPERVISOR", "STATE", "SLOTS", "USED", "UPTIME", "FREE DISK", "ID"});
  for (const Json& supervisor : cluster["supervisors"]) {
    supervisors.add(
        {fmt::format("{}:{}", text_of(supervisor["host"]), supervisor["port"].get<int>()),
         supervisor["alive"].get<bool>() ? "alive" : "silent", cell(supervisor["slots"]),
         cell(supervisor["used"]), uptime_text(supervisor["uptime_s"].get<double>()),
         bytes_text(supervisor["free_disk_bytes"].get<std::uint64_t>()),
         text_of(supervisor["id"])});
  }
  Table running({"TOPOLOGY", "STATUS", "UPTIME", "WORKERS"});
  for (const Json& topology : topologies) {
    running.add({text_of(topology["name"]), text_of(topology["status"]),
                 uptime_text(topology["uptime_s"].get<double>()), cell(topology["workers"])});
  }
  std::string text = nimbuses.text() + "\n" + supervisors.text();
  if (!running.empty()) text += "\n" + running.text();
  if (cluster["zookeeper"] != "connected") {
    text += fmt::format("\nZooKeeper: {}\n", text_of(cluster["zookeeper"]));
  }
  return text;
}

std::string rates_text(const Json& before, const Json& now, double seconds) {
  Table table({"COMPONENT", "EMITTED/s", "EXECUTED/s", "ACKED/s", "FAILED/s", "COMPLETE ms",
               "EXECUTE us", "BUSY", "BACKPRESSURED", "IDLE", "QUEUED"});
  const auto total = [](const Json& failed) {
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : failed.items()) sum += count.get<std::uint64_t>();
    return sum;
  };
  for (const Json& component : now["components"]) {
    const Json* old = component_of(before, component["id"]);
    const auto rate = [&](const char* name) {
      const auto a = old == nullptr ? 0.0 : (*old)[name].get<double>();
      return fmt::format("{:.0f}", std::max(0.0, (component[name].get<double>() - a) / seconds));
    };
    const std::uint64_t failed_before = old == nullptr ? 0 : total((*old)["failed"]);
    const std::uint64_t failed_now = std::max(total(component["failed"]), failed_before);
    table.add({text_of(component["id"]), rate("emitted"), rate("executed"), rate("acked"),
               fmt::format("{:.0f}", static_cast<double>(failed_now - failed_before) / seconds),
               latency(component["complete_latency_ms"]), latency(component["execute_latency_us"]),
               percent(component["busy"]), percent(component["backpressured"]),
               percent(component["idle"]), cell(component["queued_batches"])});
  }
  return table.text();
}

}  // namespace rafale::cli
