// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The last line of a run as text and as JSON.

#include "worker/local/report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rafale::worker {
namespace {

using Json = nlohmann::ordered_json;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// Three decimals are what the measurements are good for.
double rounded(double value) { return std::round(value * 1000) / 1000; }

Json percentiles(double p50, double p99) { return {{"p50", rounded(p50)}, {"p99", rounded(p99)}}; }

Json component_json(const ComponentCounts& component) {
  Json streams = Json::array();
  for (const StreamCounts& stream : component.streams) {
    streams.push_back({{"stream", stream.stream},
                       {"emitted", stream.emitted},
                       {"transferred", stream.transferred}});
  }
  Json failed = Json::object();
  for (std::size_t code = 0; code < kFailureCodes; ++code) {
    failed[std::string(to_string(FailureCode(code)))] = component.failed[code];
  }
  Json json{{"id", component.id},
            {"kind", component.spout ? "spout" : "bolt"},
            {"executors", component.executors},
            {"tasks", component.tasks},
            {"fused", component.fused},
            {"streams", std::move(streams)},
            {"executed", component.executed},
            {"acked", component.acked},
            {"failed", std::move(failed)},
            {"skipped", component.skipped},
            {"misused", component.misused},
            {"held_bytes", component.held_bytes},
            {"queued_batches", component.queued_batches},
            {"backpressured", component.backpressured}};
  if (component.spout) {
    json["complete_latency_ms"] =
        percentiles(component.complete_latency_ms_p50, component.complete_latency_ms_p99);
  } else {
    json["execute_latency_us"] =
        percentiles(component.execute_latency_us_p50, component.execute_latency_us_p99);
  }
  json["user"] = component.user;
  json["last_error"] = component.last_error;
  return json;
}

}  // namespace

std::uint64_t messages_left(const RunResult& result) {
  const TopologyStats& totals = result.snapshot.totals;
  const std::uint64_t settled = totals.acked + totals.dead_lettered;
  const std::uint64_t unsettled = totals.emitted > settled ? totals.emitted - settled : 0;
  return std::max(unsettled, totals.pending);
}

int exit_code(const RunResult& result) {
  return result.drained && messages_left(result) == 0 ? 0 : 1;
}

std::string result_text(const RunResult& result) {
  const TopologyStats& totals = result.snapshot.totals;
  return fmt::format("emitted {} acked {} failed {} replayed {} dead_lettered {} elapsed {:.2f}s",
                     totals.emitted, totals.acked, totals.failed, totals.replayed,
                     totals.dead_lettered, seconds(result.elapsed));
}

std::string result_json(const RunResult& result) {
  const TopologyStats& totals = result.snapshot.totals;
  const double elapsed = seconds(result.elapsed);
  Json components = Json::array();
  for (const ComponentCounts& component : result.snapshot.components) {
    components.push_back(component_json(component));
  }
  const Json json{
      {"topology", result.topology},
      {"emitted", totals.emitted},
      {"acked", totals.acked},
      {"failed", totals.failed},
      {"replayed", totals.replayed},
      {"dead_lettered", totals.dead_lettered},
      {"pending", totals.pending},
      {"elapsed_s", rounded(elapsed)},
      {"rate", elapsed > 0 ? std::round(static_cast<double>(totals.acked) / elapsed) : 0.0},
      {"complete_latency_ms",
       percentiles(totals.complete_latency_p50_ms, totals.complete_latency_p99_ms)},
      {"components", std::move(components)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string leftover_text(const RunResult& result) {
  if (exit_code(result) == 0) return {};
  const TopologyStats& totals = result.snapshot.totals;
  const std::uint64_t left = messages_left(result);
  if (!result.drained) {
    return fmt::format(
        "{} of {} messages are neither acked nor dead-lettered, as the topology did not drain in "
        "time; topology.message.timeout.secs bounds the wait",
        left, totals.emitted);
  }
  return fmt::format(
      "{} of {} messages failed and were not emitted again; a ReplaySpout repeats them and writes "
      "what stays broken to the dead letters",
      left, totals.emitted);
}

}  // namespace rafale::worker
