// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A supervisor: the real reconciler on a machine whose processes and files are simulated.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coord/cluster_state.h"
#include "coord/memory_store.h"
#include "coord/types.h"
#include "supervisor/reconciler.h"
#include "tests/simulation/cluster/stage.h"

namespace rafale::cluster_sim {

class World;
class Worker;

/// Follows supervisor/driver_codec.cc.
class Supervisor : public std::enable_shared_from_this<Supervisor> {
 public:
  Supervisor(World& world, int machine);
  ~Supervisor();
  void start();

  // --- its workers
  /// False if the token is none of ours.
  bool said(const std::string& token, const std::string& state, std::uint32_t epoch,
            const std::string& failure);
  void attach(const std::string& token, const std::shared_ptr<Worker>& worker);
  void process_ended(std::uint32_t pid, const std::string& how);

 private:
  using Slot = supervisor::Slot;
  void tick();
  void beat();
  void read();
  void handle(const std::vector<supervisor::Action>& actions);
  void perform(const supervisor::Action& action);
  void launch(const Slot& slot);
  void stop(const Slot& slot);
  void fetch(std::uint32_t port);
  void died(const supervisor::WorkerDied& death);
  void tell(const Slot& slot, bool stop);
  void tell_topology(const std::string& topology);

  World& world_;
  const int machine_;
  const coord::SupervisorInfo self_;
  std::unique_ptr<coord::MemoryStore> store_;
  coord::ClusterState state_;
  supervisor::Reconciler reconciler_;
  std::map<std::string, coord::Assignment> assignments_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> instances_;
  std::map<std::string, std::weak_ptr<Worker>> lines_;  // by token
  std::map<std::string, std::int64_t> line_free_;       // each keeps its order
  std::map<std::uint32_t, std::uint32_t> watched_;      // pid -> port
  std::shared_ptr<int> leader_guess_;
  bool stale_ = true;
  bool beating_ = false;
  std::int64_t read_at_ = 0;
};

}  // namespace rafale::cluster_sim
