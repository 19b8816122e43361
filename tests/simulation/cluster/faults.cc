// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Kinds of trouble, and their ends.

#include "tests/simulation/cluster/faults.h"

#include "absl/strings/str_cat.h"
#include "tests/simulation/cluster/world.h"

namespace rafale::cluster_sim {

Faults::Faults(World& world) : world_(world), stage_(world.stage()) {
  remind();
  pause_ms_ = stage_.between(200, 8000) / kMs;  // some runs are wilder than others
}

void Faults::start() {
  if (stopped_) return;
  act();
  stage_.after(stage_.between(20, 2 * pause_ms_), [this] { start(); });
}

std::int64_t Faults::trouble_lasts() {
  return stage_.chance(0.2) ? stage_.between(10'000, 80'000) : stage_.between(100, 9'000);
}

/// Trouble of a machine excuses that its workers are moved.
void Faults::mark(Host host) {
  if (host < kFirstNimbus) world_.checker().trouble(host);
}

/// Trouble that lasts excuses for as long.
void Faults::remind() {
  if (stopped_) return;
  for (std::size_t m = 0; m < world_.machines_.size(); ++m) {
    const auto host = static_cast<Host>(m);
    const Machine& machine = world_.machine(host);
    bool well = machine.supervisor != nullptr && machine.foreign.empty();
    for (int n = 0; n < world_.nimbuses(); ++n) {
      well = well && stage_.linked(host, kFirstNimbus + n);
    }
    if (!well) mark(host);
  }
  stage_.after(kSecond, [this] { remind(); });
}

void Faults::act() {
  switch (stage_.pick(11)) {
    case 0:
    case 1:
    case 2:
      worker_dies();
      break;
    case 3:
      supervisor_dies();
      break;
    case 4:
      machine_dies();
      break;
    case 5:
      nimbus_dies();
      break;
    case 6:
      zookeeper_goes();
      break;
    case 7:
    case 8:
      links_go();
      break;
    case 9:
      port_is_taken();
      break;
    default:
      answer_is_lost();
  }
}

void Faults::worker_dies() {
  const int number = stage_.pick(world_.machines_.size());
  const Machine& machine = world_.machine(number);
  if (machine.processes.empty()) return;
  const int nth = stage_.pick(machine.processes.size());
  const std::uint32_t pid = std::next(machine.processes.begin(), nth)->first;
  stage_.say(absl::StrCat("FAULT: worker ", pid, " dies"));
  world_.end_process(number, pid, "signal 11 (Segmentation fault)");
}

void Faults::supervisor_dies() {
  const int number = stage_.pick(world_.machines_.size());
  if (world_.machine(number).supervisor == nullptr) return;
  world_.kill_supervisor(number);
}

void Faults::machine_dies() {
  const int number = stage_.pick(world_.machines_.size());
  if (!world_.machine(number).up) return;
  world_.kill_machine(number);
  stage_.after(trouble_lasts(), [this, number] { world_.start_machine(number); });
}

void Faults::nimbus_dies() {
  const int number = stage_.pick(world_.nimbuses_.size());
  if (world_.nimbus(number) == nullptr) return;
  world_.kill_nimbus(number);
  stage_.after(trouble_lasts(), [this, number] { world_.start_nimbus(number); });
}

void Faults::zookeeper_goes() {
  std::vector<Host> hosts;
  for (std::size_t m = 0; m < world_.machines_.size(); ++m) hosts.push_back(static_cast<Host>(m));
  for (int n = 0; n < world_.nimbuses(); ++n) hosts.push_back(kFirstNimbus + n);
  if (stage_.chance(0.6)) hosts = {hosts[static_cast<std::size_t>(stage_.pick(hosts.size()))]};
  const std::int64_t lasts = trouble_lasts();
  stage_.say(absl::StrCat("FAULT: ZooKeeper is away for ", hosts.size() > 1 ? -1 : hosts[0]));
  for (const Host host : hosts) {
    if (world_.parted_.contains(host)) continue;
    world_.part_from_zookeeper(host);
    const std::uint64_t occasion = world_.parted_.at(host);
    stage_.after(lasts, [this, host, occasion] {
      const auto found = world_.parted_.find(host);
      if (found != world_.parted_.end() && found->second == occasion) world_.join_zookeeper(host);
    });
  }
}

void Faults::part(Host a, Host b, std::int64_t lasts_ns) {
  if (a == b || !stage_.linked(a, b)) return;
  ++world_.statistics_.cuts;
  stage_.cut(a, b);
  const bool leader = a >= kFirstNimbus || b >= kFirstNimbus;
  if (leader) {  // a machine that no Nimbus hears of counts as lost
    mark(a);
    mark(b);
  }
  stage_.after(lasts_ns, [this, a, b, leader] {
    stage_.mend(a, b);
    if (leader) {
      mark(a);
      mark(b);
    }
  });
}

/// Two hosts, or one and all others.
void Faults::links_go() {
  const auto machines = world_.machines_.size();
  const auto all = machines + world_.nimbuses_.size();
  const auto host = [&](std::size_t i) {
    return i < machines ? static_cast<Host>(i) : kFirstNimbus + static_cast<Host>(i - machines);
  };
  const Host one = host(static_cast<std::size_t>(stage_.pick(all)));
  const std::int64_t lasts = trouble_lasts();
  stage_.say(absl::StrCat("FAULT: links of ", one, " are cut"));
  if (stage_.chance(0.5)) {
    part(one, host(static_cast<std::size_t>(stage_.pick(all))), lasts);
  } else {
    for (std::size_t i = 0; i < all; ++i) part(one, host(i), lasts);
  }
}

void Faults::port_is_taken() {
  const int number = stage_.pick(world_.machines_.size());
  Machine& machine = world_.machine(number);
  const std::uint32_t port =
      machine.ports[static_cast<std::size_t>(stage_.pick(machine.ports.size()))];
  if (world_.listener(number, port) != nullptr) return;
  mark(number);
  stage_.say(absl::StrCat("FAULT: another program takes port ", port, " of m", number));
  machine.foreign.insert(port);
  stage_.after(trouble_lasts(), [this, number, port] {
    mark(number);
    world_.machine(number).foreign.erase(port);
  });
}

void Faults::answer_is_lost() {
  const auto nimbus = world_.nimbus(stage_.pick(world_.nimbuses_.size()));
  if (nimbus != nullptr) nimbus->store().lose_next_answer();
}

void Faults::heal() {
  stop();
  stage_.say("PEACE");
  const auto machines = static_cast<int>(world_.machines_.size());
  for (const Host host : std::vector<Host>([&] {
         std::vector<Host> hosts;
         for (const auto& [parted, occasion] : world_.parted_) hosts.push_back(parted);
         return hosts;
       }())) {
    world_.join_zookeeper(host);
  }
  for (int n = 0; n < world_.nimbuses(); ++n) {
    world_.start_nimbus(n);
    for (int m = 0; m < machines; ++m) stage_.mend(m, kFirstNimbus + n);
    for (int other = 0; other < n; ++other) stage_.mend(kFirstNimbus + other, kFirstNimbus + n);
  }
  for (int m = 0; m < machines; ++m) {
    mark(m);
    for (int other = 0; other < m; ++other) stage_.mend(other, m);
    world_.machine(m).foreign.clear();
    world_.start_machine(m);
    world_.start_supervisor(m);
  }
}

}  // namespace rafale::cluster_sim
