// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Invariants.

#include "tests/simulation/cluster/checker.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "nimbus/scheduler.h"

namespace rafale::cluster_sim {
namespace {

using coord::Assignment;
using coord::TopologyState;
using coord::WorkerAssignment;

/// A machine to which something happened so long ago is as good as others.
constexpr std::int64_t kTroubleNs = 20 * kSecond;

std::string text(const coord::InstanceId& id) {
  return absl::StrCat(id.topology, " worker ", id.worker, " instance ", id.instance);
}

}  // namespace

std::string supervisor_id(int machine) { return absl::StrCat("m", machine); }
int machine_of(const std::string& supervisor) { return std::atoi(supervisor.c_str() + 1); }

Checker::Checker(Stage& stage, coord::MemoryTree& tree, SpecOf spec_of)
    : stage_(stage), spec_of_(std::move(spec_of)), store_(tree, true), state_(store_, "/rafale") {
  if (const absl::Status made = state_.prepare(); !made.ok()) stage_.violate(made.ToString());
}

void Checker::started(std::uint32_t pid, const coord::InstanceId& id, int machine,
                      std::uint32_t port) {
  if (!ever_.insert(id).second) stage_.violate(text(id) + " is started a second time");
  std::uint32_t& newest = newest_[{id.topology, id.worker}];
  newest = std::max(newest, id.instance);
  alive_[pid] = {id, machine, port, 0, "starting", false};
}

void Checker::adopted(std::uint32_t pid, std::uint32_t epoch) {
  Alive& alive = alive_.at(pid);
  if (epoch < alive.epoch) {
    stage_.violate(
        absl::StrCat(text(alive.id), " goes from epoch ", alive.epoch, " back to ", epoch));
  }
  alive.epoch = epoch;
}

void Checker::reports(std::uint32_t pid, const std::string& state, bool spouts_active) {
  Alive& alive = alive_.at(pid);
  alive.state = state;
  alive.spouts_active = spouts_active;
}

void Checker::stops(const std::string& supervisor, const supervisor::Slot& slot) {
  const auto found = assignments_.find(slot.wanted.topology);
  if (found == assignments_.end()) {
    if (topologies_.contains(slot.wanted.topology)) return;  // it has no place at present
    const auto tombstones = state_.tombstones();
    const bool buried = std::ranges::find(*tombstones, slot.wanted.topology,
                                          &coord::Tombstone::topology) != tombstones->end();
    if (!buried) stage_.violate(supervisor + " stops a worker of a topology that nobody removed");
    return;
  }
  for (const WorkerAssignment& worker : found->second.value.workers) {
    if (worker.supervisor == supervisor && worker.port == slot.port &&
        worker.number == slot.wanted.worker && worker.instance_base == slot.wanted.instance_base) {
      stage_.violate(absl::StrCat(supervisor, " stops worker ", worker.number, " of ",
                                  slot.wanted.topology, ", which is to run there"));
    }
  }
}

void Checker::look() {
  std::map<std::pair<std::string, std::uint32_t>, int> live;
  for (const auto& [pid, alive] : alive_) {
    const std::pair key{alive.id.topology, alive.id.worker};
    if (alive.id.instance == newest_[key] && ++live[key] > 1) {
      stage_.violate(text(alive.id) + " lives twice");
    }
  }
}

bool Checker::is_troubled(const std::string& supervisor) const {
  const auto found = trouble_.find(machine_of(supervisor));
  return found != trouble_.end() && stage_.now() - found->second < kTroubleNs;
}

void Checker::compare(const Assignment& before, const Assignment& after, TopologyState state) {
  if (after.epoch <= before.epoch) {
    stage_.violate(
        absl::StrCat(after.topology, ": epoch ", before.epoch, " is followed by ", after.epoch));
  }
  if (after.workers.empty() && !before.workers.empty()) {
    stage_.violate(after.topology + " has no place any more");
  }
  // Only what befell a machine of the topology moves workers, or a rebalance.
  const bool excused = state == TopologyState::rebalancing ||
                       std::ranges::any_of(before.workers, [this](const WorkerAssignment& worker) {
                         return is_troubled(worker.supervisor);
                       });
  for (const WorkerAssignment& old : before.workers) {
    const auto found = std::ranges::find(after.workers, old.number, &WorkerAssignment::number);
    if (found != after.workers.end() && found->instance_base < old.instance_base) {
      stage_.violate(absl::StrCat(after.topology, " worker ", old.number, ": instances fall"));
    }
    const bool stays = found != after.workers.end() && found->supervisor == old.supervisor &&
                       found->port == old.port;
    if (!stays && !excused) {
      stage_.violate(absl::StrCat(after.topology, " worker ", old.number, " is taken from ",
                                  old.supervisor, ", which is well"));
    }
  }
}

void Checker::look_at_tree() {
  auto topologies = state_.topologies();
  auto assignments = state_.assignments();
  if (!topologies.ok() || !assignments.ok()) {
    stage_.violate("the tree cannot be read: " + topologies.status().ToString() + ", " +
                   assignments.status().ToString());
    return;
  }
  std::map<std::pair<std::string, std::uint32_t>, std::string> slots;
  for (const auto& [id, assignment] : *assignments) {
    const auto record = topologies->find(id);
    if (record == topologies->end()) {
      stage_.violate(id + " is gone and still has an assignment");
      continue;
    }
    const auto before = assignments_.find(id);
    if (before != assignments_.end() && before->second.version != assignment.version) {
      // What a rebalance placed is written just before the record.
      const auto was = topologies_.find(id);
      const TopologyState state =
          was == topologies_.end() ? record->second.value.state : was->second.value.state;
      compare(before->second.value, assignment.value, state);
    }
    for (const WorkerAssignment& worker : assignment.value.workers) {
      const auto [other, fresh] = slots.try_emplace({worker.supervisor, worker.port}, id);
      if (!fresh) {
        stage_.violate(absl::StrCat("slot ", worker.supervisor, ":", worker.port, " is given to ",
                                    other->second, " and to ", id));
      }
    }
  }
  topologies_ = *std::move(topologies);
  assignments_ = *std::move(assignments);
}

std::optional<std::string> Checker::unrest_of(const std::string& id, const Promise& promise,
                                              const coord::TopologyRecord* record,
                                              const Assignment* assignment) const {
  if (promise.killed) {
    if (record != nullptr || assignment != nullptr) return id + " was killed and is still there";
    return std::nullopt;  // processes are looked at elsewhere
  }
  if (record == nullptr) return id + " was not killed and is gone";
  const TopologyState wanted = promise.active ? TopologyState::active : TopologyState::inactive;
  if (record->state != wanted) {
    return absl::StrCat(id, promise.active ? " should be active" : " should be inactive",
                        " and has state ", static_cast<int>(record->state));
  }
  if (record->workers != promise.workers) return id + " has another number of workers than asked";
  if (assignment == nullptr || assignment->workers.empty()) return id + " has no place";
  std::vector<coord::ExecutorAssignment> placed;
  for (const WorkerAssignment& worker : assignment->workers) {
    placed.insert(placed.end(), worker.executors.begin(), worker.executors.end());
  }
  auto all = nimbus::executors_of(spec_of_(record->spec_sha256), *record);
  std::ranges::sort(placed);
  std::ranges::sort(all);
  if (placed != all) return id + " is not wholly placed";
  if (assignment->spouts_active != promise.active) return id + ": spouts are not as they should be";
  for (const WorkerAssignment& worker : assignment->workers) {
    const std::string who = absl::StrCat(id, " worker ", worker.number);
    const Alive* process = nullptr;
    for (const auto& [pid, alive] : alive_) {
      if (alive.id.topology == id && alive.id.worker == worker.number) process = &alive;
    }
    if (process == nullptr) return who + " does not run";
    if (supervisor_id(process->machine) != worker.supervisor || process->port != worker.port) {
      return who + " runs elsewhere";
    }
    if (process->id.instance != newest_.at({id, worker.number})) return who + " is an old instance";
    if (process->epoch != assignment->epoch) return who + " has not the newest epoch";
    if (process->state != "running") return who + " is " + process->state;
    if (process->spouts_active != promise.active)
      return who + ": its spouts are not as they should";
  }
  return std::nullopt;
}

std::optional<std::string> Checker::unrest() {
  for (const auto& [id, promise] : promises_) {
    const auto record = topologies_.find(id);
    const auto assignment = assignments_.find(id);
    auto problem =
        unrest_of(id, promise, record == topologies_.end() ? nullptr : &record->second.value,
                  assignment == assignments_.end() ? nullptr : &assignment->second.value);
    if (problem) return problem;
  }
  for (const auto& [id, record] : topologies_) {
    if (!promises_.contains(id)) return id + " is there and nobody was told";
  }
  std::size_t wanted = 0;
  for (const auto& [id, assignment] : assignments_) wanted += assignment.value.workers.size();
  if (alive_.size() != wanted) {
    return absl::StrCat(alive_.size(), " workers run, ", wanted, " are assigned");
  }
  return std::nullopt;
}

}  // namespace rafale::cluster_sim
