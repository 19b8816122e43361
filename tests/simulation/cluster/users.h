// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// People who submit, kill, rebalance, activate and deactivate, one thing at a time per topology.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/simulation/cluster/nimbus.h"

namespace rafale::cluster_sim {

class World;

/// Tells the checker what was promised, by the answers alone.
class Users {
 public:
  explicit Users(World& world);
  /// Something is asked for now and then, until stop().
  void start();
  void stop() { stopped_ = true; }
  /// All that was asked for is answered.
  bool quiet() const { return busy_.empty(); }
  std::uint64_t orders() const { return orders_; }

 private:
  void act();
  Order order_for(const std::string& name);
  void ask(const Order& order);
  void answered(const Order& order, const Nimbus::OrderAnswer& answer);
  std::uint32_t room() const;

  World& world_;
  std::map<std::string, std::string> busy_;      // names that something is asked for
  std::map<std::string, std::uint32_t> wanted_;  // workers by name, of what may run
  std::shared_ptr<int> guess_ = std::make_shared<int>(0);
  std::uint64_t orders_ = 0;
  bool stopped_ = false;
};

}  // namespace rafale::cluster_sim
