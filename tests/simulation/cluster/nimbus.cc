// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sweeps, heartbeats and requests.

#include "tests/simulation/cluster/nimbus.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coord/cluster_codec.h"
#include "tests/simulation/cluster/world.h"

namespace rafale::cluster_sim {

using coord::TopologyRecord;
using coord::TopologyState;

Nimbus::Nimbus(World& world, int number)
    : world_(world),
      number_(number),
      store_(world.connect(kFirstNimbus + number)),
      state_(*store_, "/rafale"),
      node_(absl::StrCat(state_.election_path(), "/n-", absl::Hex(world.stage().random().next()))),
      coordinator_({}) {}

Nimbus::~Nimbus() { world_.abandon(std::move(store_)); }

void Nimbus::start() {
  store_->on_connection([this](coord::Connection connection) {
    if (connection == coord::Connection::expired) standing_ = {};
  });
  state_.watch_changes([this] { stale_ = true; });
  state_.watch_supervisors([this] { stale_ = true; });
  tick();
}

std::optional<coord::LeaderToken> Nimbus::token() const {
  if (world_.stage().now() >= store_->lease_until_ns()) return std::nullopt;
  return standing_.token;
}

coord::LeaderToken Nimbus::proof() const {
  return token().value_or(coord::LeaderToken{"/no-leader", 0});
}

void Nimbus::tick() {
  elect();
  sweep();
  world_.stage().after(*this, world_.stage().between(100, 600), [](Nimbus& n) { n.tick(); });
}

void Nimbus::elect() {
  const coord::NimbusInfo self{.id = node_, .host = absl::StrCat("n", number_)};
  for (int i = 0; i < 3; ++i) {
    const auto step = step_of_election(*store_, state_.election_path(), node_, self);
    if (step.standing) standing_ = *step.standing;
    if (!step.again) return;
    world_.stir();
  }
}

// --- sweeps

void Nimbus::sweep() {
  if (!token()) {
    led_ = false;
    return;
  }
  if (!std::exchange(led_, true)) {
    stale_ = true;
    world_.stage().say(absl::StrCat("n", number_, " leads"));
    if (world_.mutant() != Mutant::no_hold) coordinator_.hold(world_.stage().now());
  }
  if (!std::exchange(sweeping_, true)) round(0);
}

void Nimbus::round(int number) {
  Stage& stage = world_.stage();
  const bool wait = placing_ && world_.mutant() != Mutant::places_at_once;
  if (wait) {
    stage.after(*this, stage.between(1, 5), [number](Nimbus& n) { n.round(number); });
    return;
  }
  sweeping_ = false;
  if (number == 10 || !token()) return;
  if ((std::exchange(stale_, false) || stage.now() - read_at_ > 10 * kSecond) && !read()) {
    stale_ = true;
    return;
  }
  std::vector<nimbus::Action> actions = coordinator_.decide(stage.now());
  if (actions.empty()) return;
  sweeping_ = placing_ = true;
  stage.after(*this, stage.between(1, 30), [number, actions = std::move(actions)](Nimbus& n) {
    bool broken = false;
    for (const nimbus::Action& action : actions) {
      const absl::Status done = n.act(action);
      broken = !done.ok() && !absl::IsAborted(done);
      if (broken) break;
    }
    n.stale_ = true;
    n.placing_ = false;
    if (broken) {
      n.sweeping_ = false;
    } else {
      n.round(number + 1);
    }
  });
}

bool Nimbus::read() {
  nimbus::ClusterView view;
  auto topologies = state_.topologies();
  auto assignments = state_.assignments();
  auto supervisors = state_.supervisors();
  if (!topologies.ok() || !assignments.ok() || !supervisors.ok()) return false;
  view.topologies = *std::move(topologies);
  view.assignments = *std::move(assignments);
  view.supervisors = *std::move(supervisors);
  read_at_ = world_.stage().now();
  coordinator_.read(std::move(view), read_at_);
  for (const auto& [id, topology] : coordinator_.view().topologies) {
    if (coordinator_.spec(id) == nullptr) {
      coordinator_.know_spec(id, world_.spec(topology.value.spec_sha256));
    }
  }
  return true;
}

absl::Status Nimbus::act(const nimbus::Action& action) {
  absl::Status done;
  if (const auto* put = std::get_if<nimbus::PutAssignment>(&action)) {
    done = state_.put_assignment(proof(), put->assignment, put->version);
    world_.stage().say(absl::StrCat("n", number_, ": ", put->assignment.topology, " epoch ",
                                    put->assignment.epoch, ", ", put->assignment.workers.size(),
                                    " workers, spouts ", put->assignment.spouts_active, ": ",
                                    done.ToString()));
  } else if (const auto* record = std::get_if<nimbus::PutRecord>(&action)) {
    TopologyRecord next = record->record;
    if (world_.mutant() == Mutant::active_after_rebalance) next.state = TopologyState::active;
    done = state_.put_topology(proof(), next, record->version, std::nullopt);
  } else {
    const std::string& id = std::get<nimbus::RemoveTopology>(action).id;
    done = state_.remove_topology(proof(), id, {id, world_.stage().unix_ms(), {}});
    world_.stage().say(absl::StrCat("n", number_, ": removes ", id, ": ", done.ToString()));
  }
  world_.wrote();
  return done;
}

// --- heartbeats

std::optional<Nimbus::SupervisorAnswer> Nimbus::hear(const nimbus::SupervisorBeat& beat) {
  if (!token()) return std::nullopt;
  const std::int64_t now = world_.stage().now();
  const bool news = !coordinator_.is_alive(beat.info.id, now);
  coordinator_.hear(beat, now);
  SupervisorAnswer answer;
  for (const nimbus::WorkerSight& worker : beat.workers) {
    for (const auto& [key, instance] : coordinator_.instances()) {
      if (key.first == worker.topology) answer.current.push_back({key.first, key.second, instance});
    }
  }
  if (news) sweep();
  return answer;
}

std::optional<Nimbus::WorkerAnswer> Nimbus::hear(const nimbus::WorkerBeat& beat) {
  if (!token()) return std::nullopt;
  WorkerAnswer answer;
  const auto found = coordinator_.view().assignments.find(beat.topology);
  if (found == coordinator_.view().assignments.end()) return answer;
  if (found->second.value.epoch > beat.adopted_epoch) answer.assignment = found->second.value;
  for (const auto& [key, instance] : coordinator_.instances()) {
    if (key.first != beat.topology) continue;
    answer.current[key.second] = instance;
    if (key.second == beat.worker) answer.not_yours = instance > beat.instance;
  }
  if (!answer.not_yours) coordinator_.hear(beat, world_.stage().now());
  return answer;
}

// --- requests

void Nimbus::serve(const Order& order, const Stage::Reply<OrderAnswer>& reply) {
  if (!token()) {
    reply(std::nullopt);
    return;
  }
  if (order.kind == Order::Kind::submit) {
    submit(order, reply);
  } else {
    reply(change(order));
  }
}

absl::StatusOr<std::string> Nimbus::find(const std::string& name) const {
  for (const auto& [id, topology] : coordinator_.view().topologies) {
    if (topology.value.name == name) return id;
  }
  return absl::NotFoundError(name);
}

void Nimbus::submit(const Order& order, const Stage::Reply<OrderAnswer>& reply) {
  const auto before = state_.request(order.request_id);
  if (!before.ok()) {
    reply(OrderAnswer{before.status(), ""});
  } else if (*before) {
    reply(OrderAnswer{absl::OkStatus(), (*before)->topology});
  } else if (find(order.name).ok()) {
    reply(OrderAnswer{absl::AlreadyExistsError(order.name), ""});
  } else {
    place(order, reply);
  }
}

void Nimbus::place(const Order& order, const Stage::Reply<OrderAnswer>& reply) {
  Stage& stage = world_.stage();
  if (placing_ && world_.mutant() != Mutant::places_at_once) {
    stage.after(*this, stage.between(1, 5), [order, reply](Nimbus& n) { n.place(order, reply); });
    return;
  }
  if (!read()) {
    reply(OrderAnswer{absl::UnavailableError("ZooKeeper does not answer"), ""});
    return;
  }
  TopologyRecord record;
  record.name = order.name;
  record.state = order.inactive ? TopologyState::inactive : TopologyState::active;
  record.spec_sha256 = order.spec;
  record.workers = world_.spec(order.spec).workers;
  const auto id = state_.new_topology_id(order.name, stage.unix_ms());
  if (!id.ok()) {
    reply(OrderAnswer{id.status(), ""});
    return;
  }
  record.id = *id;
  const coord::Assignment assignment =
      coordinator_.plan(record, world_.spec(order.spec), stage.now());
  placing_ = true;
  stage.after(*this, stage.between(1, 30), [order, record, assignment, reply](Nimbus& n) {
    n.placing_ = false;
    n.write(order, record, assignment, reply);
  });
}

void Nimbus::write(const Order& order, const TopologyRecord& record,
                   const coord::Assignment& assignment, const Stage::Reply<OrderAnswer>& reply) {
  stale_ = true;
  absl::Status written = state_.add_topology(
      proof(), record, assignment.workers.empty() ? std::nullopt : std::optional(assignment),
      {order.request_id, 0, "", record.id, world_.stage().unix_ms()});
  world_.wrote();
  if (absl::IsUnknown(written)) {
    const auto after = state_.request(order.request_id);
    if (after.ok() && *after) written = absl::OkStatus();
  }
  world_.stage().say(absl::StrCat("n", number_, ": submit of ", record.id, ", ",
                                  assignment.workers.size(), " workers: ", written.ToString()));
  if (written.ok()) read();
  reply(OrderAnswer{written, record.id});
}

absl::Status Nimbus::edit(const Order& order, TopologyRecord& record) const {
  switch (order.kind) {
    case Order::Kind::kill:
      return nimbus::ask_kill(record, order.wish.wait_ms);
    case Order::Kind::activate:
    case Order::Kind::deactivate:
      return nimbus::ask_active(record, order.kind == Order::Kind::activate);
    default:
      break;
  }
  return nimbus::ask_rebalance(record, world_.spec(record.spec_sha256), order.wish);
}

Nimbus::OrderAnswer Nimbus::change(const Order& order) {
  const auto before = state_.request(order.request_id);
  if (!before.ok()) return {before.status(), ""};
  if (*before) return {absl::OkStatus(), (*before)->topology};
  const auto id = find(order.name);
  if (!id.ok()) return {id.status(), ""};
  auto record = state_.topology(*id);
  if (!record.ok()) return {record.status(), ""};
  absl::Status allowed = edit(order, record->value);
  if (!allowed.ok()) return {allowed, ""};
  const absl::Status written = state_.put_topology(
      proof(), record->value, record->version,
      coord::RequestResult{order.request_id, 0, "", *id, world_.stage().unix_ms()});
  world_.wrote();
  world_.stage().say(absl::StrCat("n", number_, ": order ", static_cast<int>(order.kind), " for ",
                                  *id, ": ", written.ToString()));
  if (!written.ok()) return {absl::UnavailableError("try again"), ""};
  read();
  return {absl::OkStatus(), *id};
}

}  // namespace rafale::cluster_sim
