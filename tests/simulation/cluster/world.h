// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A whole cluster: machines, Nimbus, ZooKeeper, users, and what befalls them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coord/memory_store.h"
#include "coord/types.h"
#include "supervisor/reconciler.h"
#include "tests/simulation/cluster/checker.h"
#include "tests/simulation/cluster/mutant.h"
#include "tests/simulation/cluster/nimbus.h"
#include "tests/simulation/cluster/stage.h"
#include "tests/simulation/cluster/supervisor.h"
#include "tests/simulation/cluster/users.h"
#include "tests/simulation/cluster/worker.h"

namespace rafale::cluster_sim {

/// The disk outlives the supervisor, and both the machine's death.
struct Machine {
  std::vector<std::uint32_t> ports;
  std::map<std::uint32_t, supervisor::Slot> disk;
  std::map<std::uint32_t, std::shared_ptr<Worker>> processes;  // by pid
  std::set<std::uint32_t> foreign;                             // ports of other programs
  std::shared_ptr<Supervisor> supervisor;
  bool up = true;
};

struct Statistics {
  std::uint64_t runs = 0, steps = 0, orders = 0, deaths = 0, machines = 0, leaders = 0, cuts = 0;
  void add(const Statistics& other);
  std::string to_string() const;
};

/// One run: trouble and orders for a minute or two, then peace until the cluster is at rest.
class World {
 public:
  World(std::uint64_t seed, Mutant mutant, bool tracing);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// What is wrong, if anything is.
  std::optional<std::string> run();
  const Statistics& statistics() const { return statistics_; }
  Stage& stage() { return stage_; }
  Checker& checker() { return checker_; }
  Mutant mutant() const { return mutant_; }
  /// Trouble may still come.
  bool faulty() const { return faulty_; }

  // --- who is there
  Machine& machine(int number) { return machines_[static_cast<std::size_t>(number)]; }
  /// Null: dead.
  std::shared_ptr<Nimbus> nimbus(int number) { return nimbuses_[static_cast<std::size_t>(number)]; }
  int nimbuses() const { return static_cast<int>(nimbuses_.size()); }
  /// The worker that has the port; null: none.
  Worker* listener(int machine, std::uint32_t port);
  const coord::TopologySpec& spec(const std::string& sha256) { return specs_[sha256]; }
  std::string add_spec(coord::TopologySpec spec);
  std::size_t slots() const;

  /// Asks the Nimbuses in turn, who answered last first, and each once.
  template <class Answer>
  void ask_leader(Host from, const std::shared_ptr<int>& guess,
                  std::function<void(Nimbus&, const Stage::Reply<Answer>&)> serve,
                  std::function<void(const std::optional<Answer>&)> done, int tried = 0) {
    const int asked = *guess;
    stage_.call<Answer>(
        from, kFirstNimbus + asked,
        [this, asked, serve](const Stage::Reply<Answer>& reply) {
          const auto there = nimbus(asked);
          there == nullptr ? reply(std::nullopt) : serve(*there, reply);
        },
        [this, from, guess, serve, done, tried](const std::optional<Answer>& answer) {
          if (answer || tried + 1 == nimbuses()) {
            done(answer);
            return;
          }
          *guess = (*guess + 1) % nimbuses();
          ask_leader<Answer>(from, guess, serve, done, tried + 1);
        });
  }

  // --- processes
  std::uint32_t spawn(Worker::Launch launch);
  void end_process(int machine, std::uint32_t pid, const std::string& how);
  void kill_supervisor(int machine);
  void start_supervisor(int machine);

  // --- ZooKeeper
  std::unique_ptr<coord::MemoryStore> connect(Host host);
  /// Of a daemon that died: its session lasts until it times out.
  void abandon(std::unique_ptr<coord::MemoryStore> store);
  /// Somebody wrote: watchers hear of it after a while.
  void stir();
  /// The same, for what the checker looks at.
  void wrote();

 private:
  friend class Faults;
  struct Client {
    Host host = 0;
    std::uint64_t cut_number = 0;
  };
  void part_from_zookeeper(Host host);
  void join_zookeeper(Host host);
  void start_nimbus(int number);
  void kill_nimbus(int number);
  void kill_machine(int machine);
  void start_machine(int machine);
  std::optional<std::string> settle();

  Stage stage_;
  const Mutant mutant_;
  coord::MemoryTree tree_;
  Checker checker_;
  std::map<coord::MemoryStore*, Host> clients_;
  std::map<Host, std::uint64_t> parted_;  // hosts that ZooKeeper does not reach, by occasion
  std::uint64_t partings_ = 0;
  bool stirred_ = false;
  std::vector<std::shared_ptr<coord::MemoryStore>> ghosts_;
  std::map<std::string, coord::TopologySpec> specs_;
  std::vector<Machine> machines_;
  std::vector<std::shared_ptr<Nimbus>> nimbuses_;
  std::unique_ptr<Users> users_;
  std::uint32_t next_pid_ = 1;
  bool faulty_ = true;
  Statistics statistics_;
};

/// An assignment as a worker reads it, through the messages that carry it.
worker::TopologyAssignment for_worker(const coord::Assignment& assignment);

}  // namespace rafale::cluster_sim
