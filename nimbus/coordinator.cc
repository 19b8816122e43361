// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Judging and deciding.

#include "nimbus/coordinator.h"

#include <algorithm>
#include <utility>

namespace rafale::nimbus {
namespace {

using coord::Assignment;
using coord::TopologyRecord;
using coord::TopologyState;
using coord::WorkerAssignment;

}  // namespace

void Coordinator::hold(std::int64_t now_ns) {
  hold_until_ns_ = std::max(hold_until_ns_, now_ns + options_.supervisor_timeout_ns);
}

void Coordinator::read(ClusterView view, std::int64_t now_ns) {
  view_ = std::move(view);
  std::erase_if(waiting_since_,
                [this](const auto& entry) { return !view_.topologies.contains(entry.first); });
  const auto gone = [this](const auto& entry) {
    return !view_.topologies.contains(entry.first.first);
  };
  std::erase_if(workers_, gone);
  std::erase_if(instances_, gone);
  std::erase_if(specs_,
                [this](const auto& entry) { return !view_.topologies.contains(entry.first); });
  // One that has just registered counts as heard.
  for (const coord::SupervisorInfo& info : view_.supervisors) {
    auto [state, fresh] = supervisors_.try_emplace(info.id);
    if (fresh || state->second.beat.info.incarnation != info.incarnation) {
      state->second.beat.info = info;
      state->second.heard_ns = now_ns;
    }
  }
  for (const auto& [id, assignment] : view_.assignments) {
    for (const WorkerAssignment& worker : assignment.value.workers) {
      std::uint32_t& instance = instances_[{id, worker.number}];
      instance = std::max(instance, worker.instance_base);
    }
  }
}

void Coordinator::know_spec(const std::string& topology, coord::TopologySpec spec) {
  specs_[topology] = std::move(spec);
}

const coord::TopologySpec* Coordinator::spec(const std::string& topology) const {
  const auto found = specs_.find(topology);
  return found == specs_.end() ? nullptr : &found->second;
}

void Coordinator::hear(SupervisorBeat beat, std::int64_t now_ns) {
  for (const WorkerSight& worker : beat.workers) {
    if (!view_.topologies.contains(worker.topology)) continue;
    std::uint32_t& instance = instances_[{worker.topology, worker.worker}];
    instance = std::max(instance, worker.instance);
  }
  SupervisorState& state = supervisors_[beat.info.id];
  state.beat = std::move(beat);
  state.heard_ns = now_ns;
}

void Coordinator::hear(const WorkerBeat& beat, std::int64_t now_ns) {
  if (!view_.topologies.contains(beat.topology)) return;
  const WorkerKey key{beat.topology, beat.worker};
  std::uint32_t& instance = instances_[key];
  if (beat.instance < instance) return;  // of a leftover
  instance = beat.instance;
  workers_[key] = {beat, now_ns};
}

bool Coordinator::is_alive(const std::string& supervisor, std::int64_t now_ns) const {
  const auto found = supervisors_.find(supervisor);
  return found != supervisors_.end() &&
         now_ns - found->second.heard_ns < options_.supervisor_timeout_ns;
}

const WorkerSight* Coordinator::sight(const std::string& topology, std::uint32_t worker) const {
  const auto assignment = view_.assignments.find(topology);
  if (assignment == view_.assignments.end()) return nullptr;
  for (const WorkerAssignment& assigned : assignment->second.value.workers) {
    const auto supervisor = supervisors_.find(assigned.supervisor);
    if (assigned.number != worker || supervisor == supervisors_.end()) continue;
    for (const WorkerSight& seen : supervisor->second.beat.workers) {
      if (seen.topology == topology && seen.worker == worker && seen.port == assigned.port) {
        return &seen;
      }
    }
  }
  return nullptr;
}

bool Coordinator::is_lost(const Assignment& assignment, const WorkerAssignment& worker,
                          std::int64_t now_ns) const {
  if (!may_judge(now_ns)) return false;
  const auto supervisor = supervisors_.find(worker.supervisor);
  if (supervisor != supervisors_.end() && is_alive(worker.supervisor, now_ns)) {
    const SupervisorBeat& beat = supervisor->second.beat;
    const bool has_slot =
        std::ranges::find(beat.info.slot_ports, worker.port) != beat.info.slot_ports.end();
    const WorkerSight* seen = sight(assignment.topology, worker.number);
    return !has_slot || (seen != nullptr && seen->state == "unusable");
  }
  const auto own = workers_.find({assignment.topology, worker.number});
  const bool speaks = own != workers_.end() && own->second.beat.instance >= worker.instance_base &&
                      now_ns - own->second.heard_ns < options_.worker_timeout_ns;
  if (!speaks) return true;
  // The worker lives and its supervisor does not: it may come back.
  return supervisor == supervisors_.end() ||
         now_ns - supervisor->second.heard_ns >= options_.orphan_grace_ns;
}

std::vector<Slot> Coordinator::free_slots(std::int64_t now_ns) const {
  std::set<std::pair<std::string, std::uint32_t>> used;
  for (const auto& [id, assignment] : view_.assignments) {
    for (const WorkerAssignment& worker : assignment.value.workers) {
      used.insert({worker.supervisor, worker.port});
    }
  }
  std::vector<Slot> free;
  for (const auto& [id, state] : supervisors_) {
    if (!is_alive(id, now_ns) || state.beat.info.protocol != coord::kProtocol) continue;
    std::set<std::uint32_t> busy;  // what ran there has not gone yet, or another program is there
    for (const WorkerSight& worker : state.beat.workers) busy.insert(worker.port);
    for (const std::uint32_t port : state.beat.info.slot_ports) {
      if (!used.contains({id, port}) && !busy.contains(port)) {
        free.push_back({id, state.beat.info.host, port});
      }
    }
  }
  return free;
}

bool Coordinator::is_drained(const Assignment& assignment) const {
  return std::ranges::all_of(assignment.workers, [&](const WorkerAssignment& worker) {
    const auto state = workers_.find({assignment.topology, worker.number});
    return state != workers_.end() && state->second.beat.adopted_epoch >= assignment.epoch &&
           state->second.beat.pending == 0;
  });
}

void Coordinator::put_spouts(const coord::Versioned<Assignment>& assignment, bool active,
                             std::vector<Action>& actions) const {
  if (assignment.value.spouts_active == active) return;
  Assignment next = assignment.value;
  next.spouts_active = active;
  ++next.epoch;
  actions.emplace_back(PutAssignment{std::move(next), assignment.version});
}

std::vector<Action> Coordinator::decide(std::int64_t now_ns) {
  std::vector<Action> actions;
  std::vector<Slot> free = free_slots(now_ns);
  for (const auto& [id, topology] : view_.topologies) decide_one(topology, now_ns, free, actions);
  return actions;
}

void Coordinator::decide_one(const coord::Versioned<TopologyRecord>& topology, std::int64_t now_ns,
                             std::vector<Slot>& free, std::vector<Action>& actions) {
  const TopologyRecord& record = topology.value;
  const auto assignment = view_.assignments.find(record.id);
  const bool placed = assignment != view_.assignments.end();
  const bool waits =
      record.state == TopologyState::killed || record.state == TopologyState::rebalancing;
  if (!waits) {
    waiting_since_.erase(record.id);
    if (record.state == TopologyState::failed) {
      if (placed) put_spouts(assignment->second, false, actions);
      return;
    }
    decide_placement(record, record.state == TopologyState::active, false, now_ns, free, actions);
    return;
  }
  const std::int64_t since = waiting_since_.try_emplace(record.id, now_ns).first->second;
  if (placed && assignment->second.value.spouts_active) {
    put_spouts(assignment->second, false, actions);
    return;
  }
  const bool over = !placed || is_drained(assignment->second.value) ||
                    now_ns - since >= std::int64_t{record.wait_ms} * 1'000'000;
  if (!over) return;
  if (record.state == TopologyState::killed) {
    actions.emplace_back(RemoveTopology{record.id});
    return;
  }
  // It waits for its description, and for a slot.
  if (!decide_placement(record, record.state_before == TopologyState::active, true, now_ns, free,
                        actions)) {
    return;
  }
  TopologyRecord done = record;
  done.state = std::exchange(done.state_before, TopologyState::active);
  actions.emplace_back(PutRecord{std::move(done), topology.version});
}

/// Places what is not placed or was lost; `anew`: makes it even again too.
bool Coordinator::decide_placement(const TopologyRecord& record, bool active, bool anew,
                                   std::int64_t now_ns, std::vector<Slot>& free,
                                   std::vector<Action>& actions) {
  const coord::TopologySpec* known = spec(record.id);
  if (known == nullptr) return false;
  const auto found = view_.assignments.find(record.id);
  ScheduleInput input{.record = &record,
                      .spec = known,
                      .present = nullptr,
                      .lost = {},
                      .free = free,
                      .spouts_active = active};
  std::optional<std::int32_t> version;
  if (found != view_.assignments.end()) {
    input.present = &found->second.value;
    version = found->second.version;
    for (const WorkerAssignment& worker : input.present->workers) {
      if (is_lost(*input.present, worker, now_ns)) input.lost.insert(worker.number);
    }
    const bool waits_for_slots = input.present->workers.empty();
    if (!anew && input.lost.empty() && !waits_for_slots) {
      put_spouts(found->second, active, actions);
      return true;
    }
  }
  Assignment next = schedule(input);
  if (next.workers.empty()) {
    // Nobody is heard of: perhaps it is we who are cut off. Whoever runs, runs on.
    if (input.present != nullptr && !anew) put_spouts(found->second, active, actions);
    return false;
  }
  if (input.present != nullptr && next.workers == input.present->workers &&
      next.spouts_active == input.present->spouts_active) {
    return true;
  }
  std::erase_if(free, [&next](const Slot& slot) {
    return std::ranges::any_of(next.workers, [&slot](const WorkerAssignment& worker) {
      return worker.supervisor == slot.supervisor && worker.port == slot.port;
    });
  });
  actions.emplace_back(PutAssignment{std::move(next), version});
  return true;
}

coord::Assignment Coordinator::plan(const TopologyRecord& record, const coord::TopologySpec& spec,
                                    std::int64_t now_ns) const {
  const auto found = view_.assignments.find(record.id);
  ScheduleInput input{.record = &record,
                      .spec = &spec,
                      .present = found == view_.assignments.end() ? nullptr : &found->second.value,
                      .lost = {},
                      .free = free_slots(now_ns),
                      .spouts_active = record.state == TopologyState::active};
  return schedule(input);
}

}  // namespace rafale::nimbus
