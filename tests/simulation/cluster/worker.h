// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A worker process: the real membership and life, without tasks and tuples.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "coord/types.h"
#include "tests/simulation/cluster/stage.h"
#include "worker/cluster/assignment.h"
#include "worker/cluster/lifecycle.h"
#include "worker/cluster/membership.h"

namespace rafale::cluster_sim {

class World;

/// Follows worker/cluster/cluster_worker.cc step by step. It lives until the world ends it, or it
/// ends itself.
class Worker : public std::enable_shared_from_this<Worker> {
 public:
  struct Launch {
    coord::InstanceId id;
    std::string token;
    int machine = 0;
    std::uint32_t port = 0;
    std::uint32_t pid = 0;
  };
  /// The greeting of a link, one way and the other.
  struct Hello {
    std::string topology;
    std::uint32_t worker = 0;
    std::uint32_t instance = 0;
    std::uint32_t known = 0;  ///< newest instance of the other side that is known
  };
  struct Welcome {
    std::uint32_t instance = 0;
    std::uint32_t known = 0;
    bool ready = false;
  };

  Worker(World& world, Launch launch);
  void start();

  const Launch& launch() const { return launch_; }
  bool listens() const { return listens_; }
  /// From the supervisor's line.
  void hear(worker::ClusterNews news);
  void detached() { attached_ = false; }
  /// SIGTERM.
  void terminate() { stop_asked_ = true; }
  std::optional<Welcome> greet(const Hello& hello);

 private:
  void attach();
  void beat();
  void tick();
  void look();
  void look_at_assignment(const worker::TopologyAssignment& assignment);
  void look_at_time();
  void look_for_peers();
  void perform(const worker::Lifecycle::Actions& actions);
  void prepare();
  void tell();
  bool ended() const { return life_.phase() == worker::Lifecycle::Phase::ended; }

  World& world_;
  const Launch launch_;
  worker::Lifecycle life_;
  worker::Membership members_;
  worker::ClusterNews mail_;
  std::shared_ptr<int> leader_guess_;
  std::int64_t answered_ns_ = 0;
  std::int64_t greeted_ns_ = 0;
  std::int64_t drained_ns_ = 0;
  std::int64_t quiet_ns_ = 0;   // when its open messages are done
  std::int64_t line_free_ = 0;  // the line to the supervisor keeps its order
  bool attached_ = false;
  bool busy_ = false;  // in user code
  bool prepared_ = false;
  bool listens_ = false;
  bool stop_asked_ = false;
  bool stopping_ = false;
  bool deaf_ = false;  // ends by a signal 9 only
};

}  // namespace rafale::cluster_sim
