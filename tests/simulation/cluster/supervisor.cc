// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Events in, actions out.

#include "tests/simulation/cluster/supervisor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coord/cluster_codec.h"
#include "coord/registration.h"
#include "supervisor/desired.h"
#include "tests/simulation/cluster/world.h"

namespace rafale::cluster_sim {

using supervisor::Action;
using supervisor::SlotState;

Supervisor::Supervisor(World& world, int machine)
    : world_(world),
      machine_(machine),
      self_({.id = supervisor_id(machine),
             .incarnation = absl::StrCat(world.stage().random().next()),
             .host = supervisor_id(machine),
             .slot_ports = world.machine(machine).ports}),
      store_(world.connect(machine)),
      state_(*store_, "/rafale"),
      reconciler_(self_.slot_ports, {}),
      leader_guess_(std::make_shared<int>(0)) {}

Supervisor::~Supervisor() { world_.abandon(std::move(store_)); }

void Supervisor::start() {
  Machine& machine = world_.machine(machine_);
  const std::int64_t now = world_.stage().now();
  if (world_.mutant() == Mutant::forgets_slots) machine.disk.clear();
  for (const auto& [port, slot] : std::map(machine.disk)) {
    const bool runs = slot.pid != 0 && machine.processes.contains(slot.pid);
    if (runs) watched_[slot.pid] = port;
    handle(reconciler_.restore(slot, runs, now));
  }
  state_.watch_changes([this] { stale_ = true; });
  tick();
  beat();
}

void Supervisor::tick() {
  Stage& stage = world_.stage();
  const coord::NodeLook node =
      look_after_node(*store_, state_.supervisor_path(self_.id), coord::encode(self_));
  if (node.held || node.again) world_.stir();
  if (stale_ || stage.now() - read_at_ > 10 * kSecond) read();
  handle(reconciler_.tick(stage.now()));
  stage.after(*this, stage.between(200, 400), [](Supervisor& s) { s.tick(); });
}

void Supervisor::read() {
  auto assignments = state_.assignments();
  auto topologies = state_.topologies();
  auto tombstones = state_.tombstones();
  if (!assignments.ok() || !topologies.ok() || !tombstones.ok()) {
    if (world_.mutant() == Mutant::absence_is_an_order) {
      handle(reconciler_.want({}, world_.stage().now()));
    }
    return;
  }
  stale_ = false;
  read_at_ = world_.stage().now();
  std::vector<std::string> changed;
  for (const auto& [id, assignment] : *assignments) {
    const auto known = assignments_.find(id);
    if (known == assignments_.end() || known->second.epoch != assignment.value.epoch) {
      changed.push_back(id);
    }
    assignments_[id] = assignment.value;
  }
  if (world_.mutant() == Mutant::no_burial) tombstones->clear();
  handle(reconciler_.want(
      supervisor::desired_of(
          self_.id, {*std::move(assignments), *std::move(topologies), *std::move(tombstones)},
          reconciler_.slots()),
      world_.stage().now()));
  for (const std::string& id : changed) tell_topology(id);
}

void Supervisor::beat() {
  if (std::exchange(beating_, true)) return;
  nimbus::SupervisorBeat beat;
  beat.info = self_;
  for (const auto& [port, slot] : reconciler_.slots()) {
    if (slot.state == SlotState::empty) continue;
    beat.workers.push_back({slot.wanted.topology, slot.wanted.worker, slot.instance, port, slot.pid,
                            std::string(to_string(slot.state)), slot.restarts, slot.last_exit,
                            slot.last_words, 0});
  }
  world_.ask_leader<Nimbus::SupervisorAnswer>(
      machine_, leader_guess_,
      [beat](Nimbus& nimbus, const Stage::Reply<Nimbus::SupervisorAnswer>& reply) {
        reply(nimbus.hear(beat));
      },
      [weak = weak_from_this()](const std::optional<Nimbus::SupervisorAnswer>& answer) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->beating_ = false;
        self->world_.stage().after(*self, kSecond, [](Supervisor& s) { s.beat(); });
        if (!answer) return;
        std::set<std::string> changed;
        for (const coord::InstanceId& id : answer->current) {
          std::uint32_t& newest = self->instances_[{id.topology, id.worker}];
          if (id.instance <= newest) continue;
          newest = id.instance;
          changed.insert(id.topology);
        }
        for (const std::string& topology : changed) self->tell_topology(topology);
      });
}

// --- actions

void Supervisor::handle(const std::vector<Action>& actions) {
  for (const Action& action : actions) {
    if (world_.machine(machine_).supervisor.get() != this) return;  // it died at the last one
    perform(action);
  }
}

void Supervisor::perform(const Action& action) {
  Machine& machine = world_.machine(machine_);
  if (const auto* wish = std::get_if<supervisor::Fetch>(&action)) {
    fetch(wish->port);
  } else if (const auto* start = std::get_if<supervisor::LaunchWorker>(&action)) {
    launch(reconciler_.slots().at(start->port));
  } else if (const auto* end = std::get_if<supervisor::StopWorker>(&action)) {
    stop(reconciler_.slots().at(end->port));
  } else if (const auto* kill = std::get_if<supervisor::KillWorker>(&action)) {
    world_.end_process(machine_, reconciler_.slots().at(kill->port).pid, "signal 9 (Killed)");
  } else if (const auto* keep = std::get_if<supervisor::Remember>(&action)) {
    machine.disk[keep->port] = reconciler_.slots().at(keep->port);
  } else if (const auto* clear = std::get_if<supervisor::ClearSlot>(&action)) {
    machine.disk.erase(clear->port);
  } else {
    died(std::get<supervisor::WorkerDied>(action));
  }
}

void Supervisor::fetch(std::uint32_t port) {
  const bool fails = world_.stage().chance(0.03);
  world_.stage().after(*this, world_.stage().between(1, 300), [port, fails](Supervisor& s) {
    s.handle(s.reconciler_.fetched(port, fails ? "no Nimbus answers" : "", s.world_.stage().now()));
  });
}

void Supervisor::launch(const Slot& slot) {
  Machine& machine = world_.machine(machine_);
  const std::int64_t now = world_.stage().now();
  const std::uint32_t port = slot.port;
  if (machine.foreign.contains(port) || world_.listener(machine_, port) != nullptr) {
    world_.stage().after(*this, 0, [port](Supervisor& s) {
      s.handle(
          s.reconciler_.not_launched(port, "the port is in use", true, s.world_.stage().now()));
    });
    return;
  }
  Slot fresh = slot;
  fresh.token = absl::StrCat(absl::Hex(world_.stage().random().next()));
  machine.disk[port] = fresh;
  const std::uint32_t instance =
      world_.mutant() == Mutant::same_instance ? slot.wanted.instance_base : slot.instance;
  const std::uint32_t pid =
      world_.spawn({.id = {slot.wanted.topology, slot.wanted.worker, instance},
                    .token = fresh.token,
                    .machine = machine_,
                    .port = port,
                    .pid = 0});
  if (world_.faulty() && world_.stage().chance(0.01)) {  // it dies before it can write that down
    world_.kill_supervisor(machine_);
    return;
  }
  watched_[pid] = port;
  handle(reconciler_.launched(port, pid, pid, fresh.token, now));
}

void Supervisor::stop(const Slot& slot) {
  world_.checker().stops(self_.id, slot);
  tell(slot, true);
  const auto& processes = world_.machine(machine_).processes;
  const auto found = processes.find(slot.pid);
  if (found != processes.end()) found->second->terminate();
}

void Supervisor::process_ended(std::uint32_t pid, const std::string& how) {
  const auto found = watched_.find(pid);
  if (found == watched_.end()) return;
  const std::uint32_t port = found->second;
  watched_.erase(found);
  handle(reconciler_.exited(port, how, "", world_.stage().now()));
  beat();
}

void Supervisor::died(const supervisor::WorkerDied& death) {
  std::uint32_t& newest = instances_[{death.dead.topology, death.dead.worker}];
  newest = std::max(newest, death.dead.instance + 1);
  world_.stage().say(absl::StrCat(self_.id, ": ", death.dead.topology, " worker ",
                                  death.dead.worker, " instance ", death.dead.instance,
                                  " is over: ", death.how));
  tell_topology(death.dead.topology);
}

// --- its workers

bool Supervisor::said(const std::string& token, const std::string& state, std::uint32_t epoch,
                      const std::string& failure) {
  const auto port = reconciler_.port_of(token);
  if (port) reconciler_.reported(*port, state, epoch, failure, world_.stage().now());
  return port.has_value();
}

void Supervisor::attach(const std::string& token, const std::shared_ptr<Worker>& worker) {
  lines_[token] = worker;
  for (const auto& [port, slot] : reconciler_.slots()) {
    if (slot.token == token) tell(slot, false);
  }
}

void Supervisor::tell(const Slot& slot, bool stop) {
  const auto line = lines_.find(slot.token);
  const auto worker = line == lines_.end() ? nullptr : line->second.lock();
  if (worker == nullptr) return;
  worker::ClusterNews news;
  const auto assignment = assignments_.find(slot.wanted.topology);
  if (assignment != assignments_.end()) news.assignment = for_worker(assignment->second);
  for (const auto& [key, instance] : instances_) {
    if (key.first == slot.wanted.topology) news.current[key.second] = instance;
  }
  news.stop = stop;
  news.stop_within_ms = 5000;
  std::int64_t& free = line_free_[slot.token];
  free = std::max(free, world_.stage().now() + world_.stage().between(0, 10));
  world_.stage().after(*worker, free - world_.stage().now(), [news](Worker& w) { w.hear(news); });
}

void Supervisor::tell_topology(const std::string& topology) {
  for (const auto& [port, slot] : reconciler_.slots()) {
    if (slot.pid != 0 && slot.wanted.topology == topology) tell(slot, false);
  }
}

}  // namespace rafale::cluster_sim
