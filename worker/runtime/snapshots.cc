// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Adding up counters and histograms.
#include "worker/runtime/snapshots.h"

#include <set>

namespace rafale::worker {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr double kNsPerUs = 1e3;

std::uint64_t failures(const TaskCounters& counters) {
  std::uint64_t sum = 0;
  for (const Count& count : counters.failed) {
    sum += count.get();
  }
  return sum;
}

void add_task(const AssembledTask& task, ComponentCounts& sum) {
  const TaskCounters& counters = task.output->counters();
  sum.executed += counters.executed.get();
  sum.acked += counters.acked.get();
  for (std::size_t i = 0; i < kFailureCodes; ++i) {
    sum.failed[i] += counters.failed[i].get();
  }
  sum.skipped += counters.skipped.get();
  sum.misused += counters.misused.get();
  sum.backpressured += counters.backpressured.get();
  sum.held_bytes += static_cast<std::uint64_t>(counters.held_bytes.load(std::memory_order_relaxed));
  for (StreamCounts& stream : sum.streams) {
    const std::size_t port = stream_index(*task.def, stream.stream)->index;
    stream.emitted += counters.port[port].emitted.get();
    stream.transferred += counters.port[port].transferred.get();
  }
  task.context->add_counters(sum.user);
}

}  // namespace

TopologyStats totals(const std::vector<AssembledTask>& tasks, std::int64_t uptime_ns) {
  TopologyStats stats;
  Histogram::Counts latency{};
  for (const AssembledTask& task : tasks) {
    if (task.spout == nullptr) {  // a bolt's, or another worker's
      continue;
    }
    const TaskCounters& counters = task.output->counters();
    stats.emitted += counters.messages.get() + counters.unfollowed.get();
    stats.acked += counters.acked.get() + counters.unfollowed.get();
    stats.dead_lettered += counters.dead_lettered.get();
    stats.failed += failures(counters);
    stats.replayed += counters.replayed.get();
    stats.pending += counters.pending.get();
    counters.complete_ns.add_to(latency);
  }
  stats.uptime_s = static_cast<double>(uptime_ns) / 1e9;
  stats.complete_latency_p50_ms = Histogram::quantile_ns(latency, 0.5) / kNsPerMs;
  stats.complete_latency_p99_ms = Histogram::quantile_ns(latency, 0.99) / kNsPerMs;
  return stats;
}

Snapshot take_snapshot(const Plan& plan, const std::vector<AssembledTask>& tasks,
                       const ErrorBook& errors, std::int64_t uptime_ns) {
  Snapshot snapshot{.totals = totals(tasks, uptime_ns), .components = {}};
  for (const PlannedComponent& component : plan.components()) {
    const ComponentDef& def = *component.def;
    ComponentCounts& sum = snapshot.components.emplace_back();
    sum.id = def.name;
    sum.spout = def.is_spout();
    sum.executors = def.executors;
    sum.tasks = def.tasks;
    sum.fused = component.fused();
    for (const StreamDef& stream : def.streams) {
      sum.streams.push_back({.stream = stream.name});
    }
    Histogram::Counts execute{};
    Histogram::Counts complete{};
    std::set<const Executor*> executors;
    for (TaskId i = 0; i < def.tasks; ++i) {
      const AssembledTask& task = tasks[component.first_task + i];
      if (task.output == nullptr) {
        continue;
      }
      add_task(task, sum);
      task.output->counters().execute_ns.add_to(execute);
      task.output->counters().complete_ns.add_to(complete);
      if (!component.fused() && executors.insert(task.executor).second) {
        sum.queued_batches += task.executor->queued();
      }
    }
    sum.execute_latency_us_p50 = Histogram::quantile_ns(execute, 0.5) / kNsPerUs;
    sum.execute_latency_us_p99 = Histogram::quantile_ns(execute, 0.99) / kNsPerUs;
    sum.complete_latency_ms_p50 = Histogram::quantile_ns(complete, 0.5) / kNsPerMs;
    sum.complete_latency_ms_p99 = Histogram::quantile_ns(complete, 0.99) / kNsPerMs;
    sum.last_error = errors.last(def.name);
  }
  return snapshot;
}

}  // namespace rafale::worker
