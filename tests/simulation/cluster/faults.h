// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What befalls a simulated cluster.
#pragma once

#include "tests/simulation/cluster/stage.h"

namespace rafale::cluster_sim {

class World;

/// One trouble after the other, each for a while, until stop(); heal() ends all that last.
class Faults {
 public:
  explicit Faults(World& world);
  void start();
  void stop() { stopped_ = true; }
  void heal();

 private:
  void act();
  void worker_dies();
  void supervisor_dies();
  void machine_dies();
  void nimbus_dies();
  void zookeeper_goes();
  void part(Host a, Host b, std::int64_t lasts_ns);
  void links_go();
  void port_is_taken();
  void answer_is_lost();
  std::int64_t trouble_lasts();
  void mark(Host host);
  void remind();

  World& world_;
  Stage& stage_;
  std::int64_t pause_ms_ = 1000;
  bool stopped_ = false;
};

}  // namespace rafale::cluster_sim
