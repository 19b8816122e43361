// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The cluster's parts coming and going.

#include "tests/simulation/cluster/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coord/cluster_codec.h"
#include "tests/simulation/cluster/faults.h"
#include "worker/cluster/cluster_codec.h"

namespace rafale::cluster_sim {
namespace {

constexpr std::int64_t kSessionNs = 6 * kSecond;
constexpr std::int64_t kPeaceNs = 400 * kSecond;

}  // namespace

worker::TopologyAssignment for_worker(const coord::Assignment& assignment) {
  return worker::from_proto(coord::to_proto(assignment));
}

void Statistics::add(const Statistics& other) {
  ++runs;
  steps += other.steps;
  orders += other.orders;
  deaths += other.deaths;
  machines += other.machines;
  leaders += other.leaders;
  cuts += other.cuts;
}

std::string Statistics::to_string() const {
  return absl::StrCat(runs, " runs, ", steps, " events, ", orders, " orders, ", deaths,
                      " workers ended, ", machines, " machines and ", leaders, " Nimbuses died, ",
                      cuts, " links were cut");
}

World::World(std::uint64_t seed, Mutant mutant, bool tracing)
    : stage_(seed, tracing),
      mutant_(mutant),
      checker_(stage_, tree_, [this](const std::string& sha256) -> const coord::TopologySpec& {
        return spec(sha256);
      }) {
  machines_.resize(static_cast<std::size_t>(2 + stage_.pick(4)));
  for (Machine& machine : machines_) {
    const int ports = 2 + stage_.pick(3);
    for (int i = 0; i < ports; ++i) machine.ports.push_back(6700 + static_cast<std::uint32_t>(i));
  }
  nimbuses_.resize(static_cast<std::size_t>(1 + stage_.pick(3)));
}

World::~World() {
  nimbuses_.clear();
  machines_.clear();
}

std::optional<std::string> World::run() {
  for (int n = 0; n < nimbuses(); ++n) start_nimbus(n);
  for (std::size_t m = 0; m < machines_.size(); ++m) start_supervisor(static_cast<int>(m));
  users_ = std::make_unique<Users>(*this);
  Faults faults(*this);
  users_->start();
  stage_.after(stage_.between(0, 20'000), [&faults] { faults.start(); });
  const std::int64_t end = stage_.now() + stage_.between(20'000, 120'000);
  while (!stage_.violation() && stage_.step(end)) checker_.look();
  users_->stop();
  faults.heal();
  faulty_ = false;
  auto problem = settle();
  statistics_.steps = stage_.steps();
  statistics_.orders = users_->orders();
  if (stage_.violation()) return stage_.violation();
  return problem;
}

/// Goes on until all is as it should be and stays so.
std::optional<std::string> World::settle() {
  const std::int64_t end = stage_.now() + kPeaceNs;
  std::optional<std::string> problem = "nothing was looked at";
  int good = 0;
  while (!stage_.violation() && stage_.now() < end && good < 8) {
    const std::int64_t next = stage_.now() + kSecond;
    while (!stage_.violation() && stage_.step(next)) checker_.look();
    if (!users_->quiet()) {
      problem = "an order is not answered";
    } else {
      problem = checker_.unrest();
    }
    good = problem ? 0 : good + 1;
  }
  if (problem) problem = "in the end, " + *problem;
  return problem;
}

// --- who is there

Worker* World::listener(int number, std::uint32_t port) {
  for (const auto& [pid, worker] : machine(number).processes) {
    if (worker->launch().port == port && worker->listens()) return worker.get();
  }
  return nullptr;
}

std::string World::add_spec(coord::TopologySpec spec) {
  std::string sha256 = absl::StrCat("spec", specs_.size());
  specs_[sha256] = std::move(spec);
  return sha256;
}

std::size_t World::slots() const {
  std::size_t slots = 0;
  for (const Machine& machine : machines_) slots += machine.ports.size();
  return slots;
}

std::uint32_t World::spawn(Worker::Launch launch) {
  launch.pid = next_pid_++;
  stage_.say(absl::StrCat("m", launch.machine, " starts ", launch.id.topology, " worker ",
                          launch.id.worker, " instance ", launch.id.instance, ": pid ",
                          launch.pid));
  checker_.started(launch.pid, launch.id, launch.machine, launch.port);
  const auto worker = std::make_shared<Worker>(*this, launch);
  machine(launch.machine).processes[launch.pid] = worker;
  stage_.after(*worker, stage_.between(5, 100), [](Worker& w) { w.start(); });
  return launch.pid;
}

void World::end_process(int number, std::uint32_t pid, const std::string& how) {
  if (machine(number).processes.erase(pid) == 0) return;
  ++statistics_.deaths;
  stage_.say(absl::StrCat("pid ", pid, " of m", number, " ends: ", how));
  checker_.ended(pid);
  if (const auto supervisor = machine(number).supervisor) {
    stage_.after(*supervisor, stage_.between(0, 20),
                 [pid, how](Supervisor& s) { s.process_ended(pid, how); });
  }
}

void World::kill_supervisor(int number) {
  stage_.say(absl::StrCat("FAULT: the supervisor of m", number, " dies"));
  checker_.trouble(number);
  machine(number).supervisor.reset();
  for (const auto& [pid, worker] : machine(number).processes) worker->detached();
  const std::int64_t lasts =
      stage_.chance(0.15) ? stage_.between(20'000, 90'000) : stage_.between(50, 8'000);
  stage_.after(lasts, [this, number] { start_supervisor(number); });
}

void World::start_supervisor(int number) {
  if (!machine(number).up || machine(number).supervisor != nullptr) return;
  checker_.trouble(number);
  const auto supervisor = std::make_shared<Supervisor>(*this, number);
  machine(number).supervisor = supervisor;
  supervisor->start();
}

void World::kill_machine(int number) {
  stage_.say(absl::StrCat("FAULT: machine m", number, " dies"));
  ++statistics_.machines;
  checker_.trouble(number);
  machine(number).up = false;
  machine(number).supervisor.reset();
  for (const auto& [pid, worker] : machine(number).processes) checker_.ended(pid);
  machine(number).processes.clear();
  machine(number).foreign.clear();
}

void World::start_machine(int number) {
  machine(number).up = true;
  start_supervisor(number);
}

void World::kill_nimbus(int number) {
  stage_.say(absl::StrCat("FAULT: Nimbus n", number, " dies"));
  ++statistics_.leaders;
  nimbuses_[static_cast<std::size_t>(number)].reset();
}

void World::start_nimbus(int number) {
  std::shared_ptr<Nimbus>& nimbus = nimbuses_[static_cast<std::size_t>(number)];
  if (nimbus != nullptr) return;
  nimbus = std::make_shared<Nimbus>(*this, number);
  nimbus->start();
}

// --- ZooKeeper

std::unique_ptr<coord::MemoryStore> World::connect(Host host) {
  auto store = std::make_unique<coord::MemoryStore>(tree_, true);
  clients_[store.get()] = host;
  if (parted_.contains(host)) {
    store->set_lease(0);
    store->suspend();
  }
  return store;
}

void World::abandon(std::unique_ptr<coord::MemoryStore> store) {
  clients_.erase(store.get());
  ghosts_.push_back(std::move(store));
  stage_.after(kSessionNs, [this, ghost = ghosts_.back().get()] {
    std::erase_if(ghosts_, [ghost](const auto& kept) { return kept.get() == ghost; });
    stir();
  });
}

void World::part_from_zookeeper(Host host) {
  const std::uint64_t occasion = ++partings_;
  parted_[host] = occasion;
  for (const auto& [store, at] : clients_) {
    if (at != host) continue;
    store->set_lease(stage_.now() + kSessionNs);
    store->suspend();
  }
  stir();
  stage_.after(kSessionNs, [this, host, occasion] {
    const auto found = parted_.find(host);
    if (found == parted_.end() || found->second != occasion) return;
    for (const auto& [store, at] : clients_) {
      if (at == host) store->expire();
    }
    stir();
  });
}

void World::join_zookeeper(Host host) {
  if (parted_.erase(host) == 0) return;
  for (const auto& [store, at] : clients_) {
    if (at != host) continue;
    store->set_lease(INT64_MAX);
    store->resume();
  }
  stir();
}

void World::stir() {
  if (std::exchange(stirred_, true)) return;
  stage_.after(stage_.between(1, 60), [this] {
    stirred_ = false;
    for (const auto& [store, host] : clients_) store->deliver();
  });
}

void World::wrote() {
  checker_.look_at_tree();
  stir();
}

}  // namespace rafale::cluster_sim
