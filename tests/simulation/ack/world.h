// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The simulated cluster: workers, links, assignments, time, and chance that moves them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "common/random.h"
#include "tests/simulation/ack/graph.h"
#include "tests/simulation/ack/link.h"
#include "tests/simulation/ack/mutant.h"
#include "tests/simulation/ack/oracle.h"

namespace rafale::worker::sim {

class SimExecutor;
class SimWorker;

inline constexpr unsigned kWorkers = 3;

/// What a run is like; drawn from its seed.
struct Settings {
  Settings(Random& random, Mutant mutant);

  std::size_t max_pending;
  std::size_t ring;  ///< slots that trackers begin with
  std::int64_t timeout_ns = 3'200'000;
  std::int64_t tick_ns = 100'000;
  int deaths;
  bool fails;        ///< user code fails tuples, throws, emits to tasks that are none
  bool forgets;      ///< user code leaves tuples open
  bool time_passes;  ///< ticks come at any time, so that trees time out
  bool flaky;        ///< links reconnect and repeat
  bool windows;
  bool sliding;
  bool cycle;
  bool direct;  ///< executors of one worker share memory instead of a link
  bool bursts;  ///< spouts emit hundreds of messages that nobody wants
  bool big_rows;
  bool congestion;
  std::uint64_t window_rows;
  std::array<std::uint32_t, kWorkers> ids;  ///< of the workers; some share a seen bit

  /// Nothing is lost, failed, forgotten or timed out.
  bool calm() const { return !fails && !forgets && !time_passes && deaths == 0; }
};

/// Where the tasks are, by the index of the worker; instances of a worker only rise.
struct Assignment {
  std::array<unsigned, Graph::kMostTasks> place{};
  std::array<std::uint32_t, kWorkers> instance{1, 1, 1};
};

struct Statistics {
  std::uint64_t steps = 0, acked = 0, failed = 0, parked = 0, overflowed = 0, doubled = 0;
  std::uint64_t skipped = 0, rows = 0, fused = 0, suspended = 0, misused = 0, dead_lettered = 0;
  std::uint64_t far_apart = 0, derived = 0, joined = 0, died = 0;
  void add(const Statistics& other);
  std::string to_string() const;
};

class World {
 public:
  World(std::uint64_t seed, Mutant mutant, bool trace);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Runs to the end. Returns what went wrong, or nothing.
  std::optional<std::string> run();
  const std::deque<std::string>& trace() const { return trace_; }

  // --- for the parts
  // -------------------------------------------------------------------------------
  bool is(Mutant mutant) const { return mutant_ == mutant; }
  Place place(unsigned worker, std::uint32_t instance) const {
    return {settings.ids[worker], instance};
  }
  /// The worker's number has an instance after this one.
  bool gone(const Place& place) const;
  Link& link(const Place& from, const Place& to, Channel channel);
  /// All spouts have emitted all that they have, and nothing of it is open.
  bool exhausted() const;
  /// All workers follow the newest assignment.
  bool settled() const;
  void started(const SpoutRef& spout, const SimWorker& worker);
  bool is_newest(const SimWorker& worker, TaskId task) const;
  /// The executors of some worker have changed.
  void changed() { changed_ = true; }
  template <class... A>
  void log(const A&... text) {
    if (tracing_) {
      std::ostringstream out;
      out << "step " << statistics.steps << ": ";
      (out << ... << text);
      keep(out.str());
    }
  }

  Random random;
  Settings settings;
  Graph graph;
  Oracle oracle;
  std::int64_t now = 1'000'000'000;
  std::deque<Assignment> assignments;
  /// Messages of each spout task that are not acked, with their failures.
  std::array<std::map<std::uint64_t, int>, Graph::kMostTasks> unacked;
  std::array<std::uint32_t, Graph::kMostTasks> incarnation{};
  Statistics statistics;

 private:
  struct Event {
    enum Kind { lost, adopt, floor } kind;
    unsigned to;  ///< worker
    unsigned worker = 0;
    std::uint32_t number = 0;  ///< instance or epoch
    SpoutRef spout{};
    std::uint64_t seq = 0;
  };

  bool step();
  bool act_somewhere();
  void carry(Link& link);
  void tick();
  void kill(unsigned worker);
  void replace(unsigned worker, const Place& old);
  void happen();
  void spread_floor();
  void refresh();
  SimWorker* instance(const Place& place);
  std::optional<std::string> finish();
  void keep(std::string line);

  Mutant mutant_;
  bool tracing_;
  std::deque<std::string> trace_;
  std::array<std::unique_ptr<SimWorker>, kWorkers> workers_;
  std::vector<std::unique_ptr<SimWorker>> zombies_;
  std::map<std::tuple<Place, Place, Channel>, std::unique_ptr<Link>> links_;
  std::vector<Link*> link_list_;
  std::vector<SimExecutor*> executors_;
  std::vector<Event> events_;
  bool changed_ = true;
};

}  // namespace rafale::worker::sim
