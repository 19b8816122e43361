// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Assembling answers.

#include "nimbus/status_codec.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "coord/cluster_codec.h"

namespace rafale::nimbus {
namespace {

using coord::TopologyState;
constexpr std::int64_t kFreshNs = 4'000'000'000;

/// The worker's own word if it is of its newest instance and fresh.
const WorkerBeat* own_word(const Coordinator& coordinator, const std::string& topology,
                           std::uint32_t worker, std::int64_t now_ns) {
  const Coordinator::WorkerKey key{topology, worker};
  const auto state = coordinator.workers().find(key);
  if (state == coordinator.workers().end() || now_ns - state->second.heard_ns > kFreshNs) {
    return nullptr;
  }
  const auto newest = coordinator.instances().find(key);
  const bool current =
      newest == coordinator.instances().end() || state->second.beat.instance == newest->second;
  return current ? &state->second.beat : nullptr;
}

void fill_worker(const Coordinator& coordinator, const coord::Assignment& assignment,
                 const coord::WorkerAssignment& worker, std::int64_t now_ns, v1::WorkerStatus& to) {
  coord::Assignment one;
  one.workers.push_back(worker);
  *to.mutable_assignment() = coord::to_proto(one).workers(0);
  const auto instance = coordinator.instances().find({assignment.topology, worker.number});
  if (instance != coordinator.instances().end()) to.set_instance(instance->second);
  to.set_state("waiting");
  if (const WorkerSight* seen = coordinator.sight(assignment.topology, worker.number)) {
    to.set_pid(seen->pid);
    to.set_uptime_ms(seen->uptime_ms);
    to.set_restarts(seen->restarts);
    to.set_last_exit(seen->last_exit);
    to.set_last_words(seen->last_words);
    to.set_state(seen->state == "running" ? "starting" : seen->state);
  }
  if (const WorkerBeat* beat = own_word(coordinator, assignment.topology, worker.number, now_ns)) {
    to.set_state(beat->state);
    to.set_pid(beat->pid);
    to.set_uptime_ms(beat->uptime_ms);
    to.set_peers(beat->peers);
    to.set_ready_peers(beat->ready_peers);
    to.set_spouts_open(beat->spouts_open);
    to.set_adopted_epoch(beat->adopted_epoch);
  } else if (!coordinator.is_alive(worker.supervisor, now_ns)) {
    to.set_state("lost");
  }
}

bool runs(const Coordinator& coordinator, const coord::Assignment& assignment,
          const coord::WorkerAssignment& worker, std::int64_t now_ns) {
  const WorkerBeat* beat = own_word(coordinator, assignment.topology, worker.number, now_ns);
  return beat != nullptr && beat->state == "running" && beat->adopted_epoch >= assignment.epoch &&
         beat->instance >= worker.instance_base;
}

std::uint32_t executors_of_component(const coord::Assignment* assignment,
                                     const coord::TopologySpec& spec,
                                     const coord::ComponentSpec& component) {
  std::string name = component.name;
  for (const coord::ComponentSpec* at = &component; !at->fused_into.empty();) {
    name = at->fused_into;
    at = &*std::ranges::find(spec.components, name, &coord::ComponentSpec::name);
  }
  std::uint32_t count = 0;
  if (assignment != nullptr) {
    for (const coord::WorkerAssignment& worker : assignment->workers) {
      count += static_cast<std::uint32_t>(
          std::ranges::count(worker.executors, name, &coord::ExecutorAssignment::component));
    }
  }
  return count != 0 ? count : component.executors;
}

}  // namespace

std::string status_word(const Coordinator& coordinator, const coord::TopologyRecord& record,
                        std::int64_t now_ns) {
  if (record.state == TopologyState::killed) return "KILLED";
  if (record.state == TopologyState::rebalancing) return "REBALANCING";
  if (record.state == TopologyState::failed) return "FAILED";
  const auto found = coordinator.view().assignments.find(record.id);
  if (found == coordinator.view().assignments.end() || found->second.value.workers.empty()) {
    return coordinator.spec(record.id) == nullptr ? "STARTING" : "DEGRADED";
  }
  const coord::Assignment& assignment = found->second.value;
  const bool all = std::ranges::all_of(assignment.workers, [&](const auto& worker) {
    return runs(coordinator, assignment, worker, now_ns);
  });
  const bool wanted = record.state == TopologyState::active;
  if (!all || assignment.spouts_active != wanted) return "STARTING";
  return wanted ? "ACTIVE" : "INACTIVE";
}

v1::GetStatusResponse status_answer(const Coordinator& coordinator, const StatsBook& stats,
                                    const coord::TopologyRecord& record, const std::string& window,
                                    std::int64_t now_ns, std::int64_t unix_ms) {
  v1::GetStatusResponse answer;
  *answer.mutable_record() = coord::to_proto(record);
  answer.set_status(status_word(coordinator, record, now_ns));
  answer.set_uptime_ms(
      static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms - record.submitted_unix_ms, 0)));
  answer.set_reason(record.reason);
  answer.set_counted_until_unix_ms(stats.counted_until_unix_ms(record.id, now_ns));
  const auto found = coordinator.view().assignments.find(record.id);
  const coord::Assignment* assignment =
      found == coordinator.view().assignments.end() ? nullptr : &found->second.value;
  if (assignment != nullptr) {
    answer.set_epoch(assignment->epoch);
    for (const coord::WorkerAssignment& worker : assignment->workers) {
      fill_worker(coordinator, *assignment, worker, now_ns, *answer.add_workers());
    }
  }
  const coord::TopologySpec* spec = coordinator.spec(record.id);
  if (spec == nullptr) return answer;
  const std::size_t wanted = executors_of(*spec, record).size();
  std::size_t placed = 0;
  if (assignment != nullptr) {
    for (const auto& worker : assignment->workers) placed += worker.executors.size();
  }
  answer.set_unplaced_executors(
      static_cast<std::uint32_t>(wanted > placed && placed == 0 ? wanted : 0));

  const std::int64_t window_s = std::atoll(window.c_str());
  StatsBook::Totals totals =
      window_s > 0 ? stats.window(record.id, window_s, now_ns) : stats.totals(record.id);
  const auto busy = stats.busy(record.id);
  const double covered_s = std::min(window_s > 0 ? static_cast<double>(window_s) : 1e18,
                                    static_cast<double>(answer.uptime_ms()) / 1000);
  for (const coord::ComponentSpec& component : spec->components) {
    v1::ComponentStatus& to = *answer.add_components();
    coord::TopologySpec one;
    one.components.push_back(component);
    *to.mutable_spec() = coord::to_proto(one).components(0);
    const std::uint32_t executors = executors_of_component(assignment, *spec, component);
    to.mutable_spec()->set_executors(executors);
    const v1::ComponentStats& sums = totals[component.name];
    *to.mutable_stats() = sums;
    to.mutable_stats()->set_component(component.name);
    to.set_last_error(sums.last_error());
    if (covered_s > 0) {
      to.set_capacity(std::min(
          1.0, static_cast<double>(sums.busy_ns()) / 1e9 / covered_s / std::max(executors, 1u)));
    }
    const auto share = busy.find(component.name);
    const double now_busy =
        share == busy.end() ? 0 : std::min(1.0, share->second / std::max(executors, 1u));
    const bool held = std::ranges::any_of(
        sums.spouts(), [](const v1::SpoutStats& s) { return s.state() == "backpressured"; });
    to.set_busy(now_busy);
    to.set_backpressured(held ? 1 - now_busy : 0);
    to.set_idle(held ? 0 : 1 - now_busy);
    to.mutable_complete_ms()->set_p50(quantile_ns(sums.complete_ns(), 0.5) / 1e6);
    to.mutable_complete_ms()->set_p99(quantile_ns(sums.complete_ns(), 0.99) / 1e6);
    to.mutable_execute_us()->set_p50(quantile_ns(sums.execute_ns(), 0.5) / 1e3);
    to.mutable_execute_us()->set_p99(quantile_ns(sums.execute_ns(), 0.99) / 1e3);
  }
  return answer;
}

v1::TopologySummary summary(const Coordinator& coordinator, const coord::TopologyRecord& record,
                            std::int64_t now_ns, std::int64_t unix_ms) {
  v1::TopologySummary to;
  *to.mutable_record() = coord::to_proto(record);
  to.set_uptime_ms(
      static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms - record.submitted_unix_ms, 0)));
  const auto found = coordinator.view().assignments.find(record.id);
  if (found != coordinator.view().assignments.end()) {
    const coord::Assignment& assignment = found->second.value;
    std::uint32_t running = 0;
    std::uint32_t executors = 0;
    for (const coord::WorkerAssignment& worker : assignment.workers) {
      executors += static_cast<std::uint32_t>(worker.executors.size());
      if (runs(coordinator, assignment, worker, now_ns)) ++running;
    }
    to.set_workers(static_cast<std::uint32_t>(assignment.workers.size()));
    to.set_running_workers(running);
    to.set_executors(executors);
  }
  if (const coord::TopologySpec* spec = coordinator.spec(record.id)) {
    std::uint32_t tasks = 0;
    for (const coord::ComponentSpec& component : spec->components) tasks += component.tasks;
    to.set_tasks(tasks);
  }
  return to;
}

v1::SupervisorSummary summary(const Coordinator& coordinator,
                              const Coordinator::SupervisorState& state, std::int64_t now_ns,
                              std::int64_t unix_ms) {
  v1::SupervisorSummary to;
  const coord::SupervisorInfo& info = state.beat.info;
  *to.mutable_info() = coord::to_proto(info);
  std::uint32_t used = 0;
  for (const auto& [id, assignment] : coordinator.view().assignments) {
    used += static_cast<std::uint32_t>(std::ranges::count(assignment.value.workers, info.id,
                                                          &coord::WorkerAssignment::supervisor));
  }
  to.set_used_slots(used);
  to.set_uptime_ms(
      static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms - info.started_unix_ms, 0)));
  to.set_alive(coordinator.is_alive(info.id, now_ns));
  to.set_free_disk_bytes(state.beat.free_disk_bytes);
  to.set_clock_ahead_ms(state.beat.clock_ahead_ms);
  return to;
}

}  // namespace rafale::nimbus
