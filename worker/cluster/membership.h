// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Who the other workers are: where, as which instance, and whether they have answered.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "worker/cluster/assignment.h"
#include "worker/transport/transport.h"

namespace rafale::worker {

/// Pure: from assignments and news to peers and losses. A newer instance of a worker, or an
/// assignment without it, is what makes an older one dead; nothing else does. One thread.
class Membership {
 public:
  struct Self {
    std::uint32_t worker = 0;
    std::uint32_t instance = 1;
    std::string host;
    std::string supervisor;  ///< id; empty: not looked at
  };
  explicit Membership(Self self);

  /// A worker number has so many instances in one placement; see docs/design/0004-cluster.md.
  static constexpr std::uint32_t kInstancesOfAPlacement = 1024;
  enum class Fit : std::uint8_t {
    ours,         ///< we go on as we are
    other_tasks,  ///< our number has other tasks now: make room for a new process
    elsewhere,    ///< our number is gone or runs elsewhere
  };
  /// Whether this process can live with an assignment. `other_tasks` only after the first adopt().
  Fit fit(const TopologyAssignment& assignment) const;

  /// Takes the first assignment, which loses nobody, or a newer one. Returns the instances that are
  /// dead by it: worker -> highest.
  Instances adopt(const TopologyAssignment& assignment);
  /// Newest instances, from whomever. Returns the losses, as adopt() does.
  Instances learn(const Instances& current);
  /// Where supervisors keep their workers' sockets. True if a peer's address changed by it.
  bool learn_sockets(const std::map<std::string, std::string>& dirs);
  void ready(std::uint32_t worker, std::uint32_t instance) { ready_.insert({worker, instance}); }
  void down(std::uint32_t worker, std::uint32_t instance) { ready_.erase({worker, instance}); }

  /// The newer instance of our own worker that somebody knows; 0: none.
  std::uint32_t fenced_by() const { return fenced_by_; }
  const TopologyAssignment& assignment() const { return assignment_; }
  std::uint32_t instance_of(std::uint32_t worker) const;
  std::vector<Peer> peers() const;
  /// Peers of which the newest instance is ready.
  std::uint32_t ready_peers() const;

 private:
  std::string address_of(const AssignedWorker& worker) const;

  Self self_;
  TopologyAssignment assignment_;
  Instances instances_;  // newest known; of assigned workers at least their base
  std::map<std::string, std::string> socket_dirs_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> ready_;
  std::uint32_t fenced_by_ = 0;
};

}  // namespace rafale::worker
