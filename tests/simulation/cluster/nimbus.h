// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A Nimbus: the real coordinator and scheduler, and the real election step by step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/cluster_state.h"
#include "coord/election.h"
#include "coord/memory_store.h"
#include "nimbus/changes.h"
#include "nimbus/coordinator.h"
#include "tests/simulation/cluster/stage.h"
#include "worker/cluster/assignment.h"

namespace rafale::cluster_sim {

class World;

/// What a user asks for. Repeated, with the same number, until it is answered.
struct Order {
  enum class Kind : std::uint8_t { submit, kill, activate, deactivate, rebalance };
  Kind kind = Kind::submit;
  std::string request_id;
  std::string name;
  std::string spec;              ///< of submit: names it in World::spec()
  nimbus::RebalanceWish wish{};  ///< of rebalance; its wait also of kill
  bool inactive = false;         ///< of submit
};

/// Follows nimbus/driver.cc and daemon_service.cc.
class Nimbus : public std::enable_shared_from_this<Nimbus> {
 public:
  struct SupervisorAnswer {
    std::vector<coord::InstanceId> current;
  };
  struct WorkerAnswer {
    std::optional<coord::Assignment> assignment;
    worker::Instances current;
    bool not_yours = false;
  };
  struct OrderAnswer {
    absl::Status status;
    std::string topology;
  };

  Nimbus(World& world, int number);
  ~Nimbus();
  void start();

  // --- calls; nothing: refused, as this one does not lead
  std::optional<SupervisorAnswer> hear(const nimbus::SupervisorBeat& beat);
  std::optional<WorkerAnswer> hear(const nimbus::WorkerBeat& beat);
  void serve(const Order& order, const Stage::Reply<OrderAnswer>& reply);

  bool leads() const { return token().has_value(); }
  coord::MemoryStore& store() { return *store_; }

 private:
  std::optional<coord::LeaderToken> token() const;
  /// The token, or one that no write passes with.
  coord::LeaderToken proof() const;
  void tick();
  void elect();
  void sweep();
  void round(int number);
  bool read();
  absl::Status act(const nimbus::Action& action);
  absl::StatusOr<std::string> find(const std::string& name) const;
  void submit(const Order& order, const Stage::Reply<OrderAnswer>& reply);
  void place(const Order& order, const Stage::Reply<OrderAnswer>& reply);
  void write(const Order& order, const coord::TopologyRecord& record,
             const coord::Assignment& assignment, const Stage::Reply<OrderAnswer>& reply);
  OrderAnswer change(const Order& order);
  absl::Status edit(const Order& order, coord::TopologyRecord& record) const;

  World& world_;
  const int number_;
  std::unique_ptr<coord::MemoryStore> store_;
  coord::ClusterState state_;
  const std::string node_;  // of the election
  coord::Standing standing_;
  nimbus::Coordinator coordinator_;
  bool led_ = false;
  bool stale_ = true;
  bool sweeping_ = false;
  bool placing_ = false;  // between a decision and its write
  std::int64_t read_at_ = 0;
};

}  // namespace rafale::cluster_sim
