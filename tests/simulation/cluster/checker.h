// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What must hold in a cluster after every step, and at rest.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "coord/cluster_state.h"
#include "coord/memory_store.h"
#include "coord/types.h"
#include "supervisor/reconciler.h"
#include "tests/simulation/cluster/stage.h"

namespace rafale::cluster_sim {

/// A worker process as the checker sees it.
struct Alive {
  coord::InstanceId id;
  int machine = 0;
  std::uint32_t port = 0;
  std::uint32_t epoch = 0;  ///< adopted
  std::string state = "starting";
  bool spouts_active = false;
};

/// What the users of a topology may rely on, by their answers.
struct Promise {
  std::string name;
  bool active = true;
  bool killed = false;
  std::uint32_t workers = 1;
};

/// Sees all and says to the stage what is wrong. Reads the tree past all faults.
class Checker {
 public:
  using SpecOf = std::function<const coord::TopologySpec&(const std::string& sha256)>;
  Checker(Stage& stage, coord::MemoryTree& tree, SpecOf spec_of);

  // --- processes
  void started(std::uint32_t pid, const coord::InstanceId& id, int machine, std::uint32_t port);
  void ended(std::uint32_t pid) { alive_.erase(pid); }
  void adopted(std::uint32_t pid, std::uint32_t epoch);
  void reports(std::uint32_t pid, const std::string& state, bool spouts_active);
  const std::map<std::uint32_t, Alive>& alive() const { return alive_; }

  /// A supervisor ends a worker that its machine was wanted to run.
  void stops(const std::string& supervisor, const supervisor::Slot& slot);
  /// Something befell the machine: it, a link of it, a port.
  void trouble(int machine) { trouble_[machine] = stage_.now(); }

  std::map<std::string, Promise>& promises() { return promises_; }

  /// After each event.
  void look();
  /// After a write to the tree.
  void look_at_tree();
  /// Why the cluster is not as it should be when nothing befalls it any more; nothing if it is.
  std::optional<std::string> unrest();

 private:
  using Assignments = std::map<std::string, coord::Versioned<coord::Assignment>>;
  void compare(const coord::Assignment& before, const coord::Assignment& after,
               coord::TopologyState state);
  bool is_troubled(const std::string& supervisor) const;
  std::optional<std::string> unrest_of(const std::string& id, const Promise& promise,
                                       const coord::TopologyRecord* record,
                                       const coord::Assignment* assignment) const;

  Stage& stage_;
  const SpecOf spec_of_;
  coord::MemoryStore store_;
  coord::ClusterState state_;
  std::map<std::uint32_t, Alive> alive_;
  std::set<coord::InstanceId> ever_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> newest_;
  Assignments assignments_;
  std::map<std::string, coord::Versioned<coord::TopologyRecord>> topologies_;
  std::map<int, std::int64_t> trouble_;
  std::map<std::string, Promise> promises_;
};

/// "m3": the id of machine 3's supervisor, and its number back.
std::string supervisor_id(int machine);
int machine_of(const std::string& supervisor);

}  // namespace rafale::cluster_sim
