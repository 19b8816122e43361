// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Comparing what was known with what is known now.

#include "worker/cluster/membership.h"

#include <algorithm>

#include "common/host_port.h"

namespace rafale::worker {

Membership::Membership(Self self) : self_(std::move(self)) {
  instances_[self_.worker] = self_.instance;
}

Membership::Fit Membership::fit(const TopologyAssignment& assignment) const {
  const AssignedWorker* own = assignment.worker(self_.worker);
  if (own == nullptr || (!self_.supervisor.empty() && own->supervisor != self_.supervisor) ||
      self_.instance < own->instance_base ||
      self_.instance - own->instance_base >= kInstancesOfAPlacement) {
    return Fit::elsewhere;
  }
  const AssignedWorker* before = assignment_.worker(self_.worker);
  return before == nullptr || before->executors == own->executors ? Fit::ours : Fit::other_tasks;
}

Instances Membership::adopt(const TopologyAssignment& assignment) {
  Instances lost;
  for (const AssignedWorker& worker : assignment_.workers) {
    if (worker.number != self_.worker && assignment.worker(worker.number) == nullptr) {
      lost[worker.number] = instance_of(worker.number);
    }
  }
  for (const AssignedWorker& worker : assignment.workers) {
    if (worker.number == self_.worker) continue;
    std::uint32_t& known = instances_[worker.number];
    if (worker.instance_base <= known) continue;
    if (assignment_.worker(worker.number) != nullptr) {
      lost[worker.number] = worker.instance_base - 1;
    }
    known = worker.instance_base;
  }
  assignment_ = assignment;
  return lost;
}

Instances Membership::learn(const Instances& current) {
  Instances lost;
  for (const auto& [worker, instance] : current) {
    if (worker == self_.worker) {
      if (instance > self_.instance) fenced_by_ = std::max(fenced_by_, instance);
      continue;
    }
    std::uint32_t& known = instances_[worker];
    if (instance <= known) continue;
    known = instance;
    if (assignment_.worker(worker) != nullptr) lost[worker] = instance - 1;
  }
  return lost;
}

bool Membership::learn_sockets(const std::map<std::string, std::string>& dirs) {
  const std::vector<Peer> before = peers();
  for (const auto& [supervisor, dir] : dirs) socket_dirs_[supervisor] = dir;
  return peers() != before;
}

std::uint32_t Membership::instance_of(std::uint32_t worker) const {
  const auto known = instances_.find(worker);
  return known == instances_.end() ? 0 : known->second;
}

std::string Membership::address_of(const AssignedWorker& worker) const {
  const auto dir = socket_dirs_.find(worker.supervisor);
  if (worker.host == self_.host && dir != socket_dirs_.end() && !dir->second.empty()) {
    return "unix:" + dir->second + "/" + std::to_string(worker.port) + ".sock";
  }
  return common::host_port(worker.host, worker.port);
}

std::vector<Peer> Membership::peers() const {
  std::vector<Peer> peers;
  peers.reserve(assignment_.workers.size());
  for (const AssignedWorker& worker : assignment_.workers) {
    if (worker.number != self_.worker) {
      peers.push_back({worker.number, instance_of(worker.number), address_of(worker)});
    }
  }
  return peers;
}

std::uint32_t Membership::ready_peers() const {
  const std::vector<Peer> all = peers();
  return static_cast<std::uint32_t>(std::ranges::count_if(all, [this](const Peer& peer) {
    return ready_.contains({peer.worker, peer.instance});
  }));
}

}  // namespace rafale::worker
