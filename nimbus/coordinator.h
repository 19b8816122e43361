// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What Nimbus decides. Pure: events and the time go in, actions come out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "coord/cluster_state.h"
#include "coord/types.h"
#include "nimbus/scheduler.h"

namespace rafale::nimbus {

/// What was read from the store at one moment.
struct ClusterView {
  std::map<std::string, coord::Versioned<coord::TopologyRecord>> topologies{};
  std::map<std::string, coord::Versioned<coord::Assignment>> assignments{};
  std::vector<coord::SupervisorInfo> supervisors{};
};

/// What a supervisor said of one of its workers.
struct WorkerSight {
  std::string topology{};
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;
  std::uint32_t port = 0;
  std::uint32_t pid = 0;
  std::string state{};
  std::uint32_t restarts = 0;
  std::string last_exit{};
  std::string last_words{};
  std::uint64_t uptime_ms = 0;
};

/// A supervisor's heartbeat.
struct SupervisorBeat {
  coord::SupervisorInfo info{};
  std::vector<WorkerSight> workers{};
  std::uint64_t free_disk_bytes = 0;
  std::int64_t clock_ahead_ms = 0;
};

/// A worker's own heartbeat.
struct WorkerBeat {
  std::string topology{};
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;
  std::uint32_t adopted_epoch = 0;
  std::string state{};
  std::uint32_t peers = 0;
  std::uint32_t ready_peers = 0;
  bool spouts_open = false;
  std::uint32_t pid = 0;
  std::uint64_t pending = 0;  ///< open messages of its spouts
  std::uint64_t uptime_ms = 0;
};

struct PutAssignment {
  coord::Assignment assignment;
  std::optional<std::int32_t> version;  ///< nothing: create
};
struct PutRecord {
  coord::TopologyRecord record;
  std::int32_t version = 0;
};
struct RemoveTopology {
  std::string id{};
};
using Action = std::variant<PutAssignment, PutRecord, RemoveTopology>;

/// Rules: a worker is given up only for another place, and only when neither it nor its supervisor
/// was heard of for their timeouts, or when its supervisor has been silent for orphan_grace; nobody
/// is judged for one supervisor_timeout after leadership or the store came back; nothing is deleted
/// for being absent.
class Coordinator {
 public:
  struct Options {
    std::int64_t supervisor_timeout_ns = 5'000'000'000;
    std::int64_t worker_timeout_ns = 5'000'000'000;
    std::int64_t orphan_grace_ns = 60'000'000'000;
  };
  struct SupervisorState {
    SupervisorBeat beat;
    std::int64_t heard_ns = 0;
  };
  struct WorkerState {
    WorkerBeat beat;
    std::int64_t heard_ns = 0;
  };
  using WorkerKey = std::pair<std::string, std::uint32_t>;  // topology, number

  explicit Coordinator(const Options& options) : options_(options) {}

  /// Leadership or the store's connection came: wait before anybody is judged.
  void hold(std::int64_t now_ns);
  void read(ClusterView view, std::int64_t now_ns);
  /// The spec of a topology, which decide() needs before it places it.
  void know_spec(const std::string& topology, coord::TopologySpec spec);
  void hear(SupervisorBeat beat, std::int64_t now_ns);
  void hear(const WorkerBeat& beat, std::int64_t now_ns);

  /// What to write now. The caller writes it and reads again.
  std::vector<Action> decide(std::int64_t now_ns);
  /// What schedule() would make of this record now; for dry runs and submits.
  coord::Assignment plan(const coord::TopologyRecord& record, const coord::TopologySpec& spec,
                         std::int64_t now_ns) const;

  // --- what is known
  const ClusterView& view() const { return view_; }
  const coord::TopologySpec* spec(const std::string& topology) const;
  const std::map<std::string, SupervisorState>& supervisors() const { return supervisors_; }
  const std::map<WorkerKey, WorkerState>& workers() const { return workers_; }
  bool is_alive(const std::string& supervisor, std::int64_t now_ns) const;
  /// Newest instance of each worker that anybody spoke of.
  const std::map<WorkerKey, std::uint32_t>& instances() const { return instances_; }
  /// What its supervisor last said of a worker; null: nothing.
  const WorkerSight* sight(const std::string& topology, std::uint32_t worker) const;

 private:
  bool may_judge(std::int64_t now_ns) const { return now_ns >= hold_until_ns_; }
  bool is_lost(const coord::Assignment& assignment, const coord::WorkerAssignment& worker,
               std::int64_t now_ns) const;
  std::vector<Slot> free_slots(std::int64_t now_ns) const;
  bool is_drained(const coord::Assignment& assignment) const;
  void decide_one(const coord::Versioned<coord::TopologyRecord>& topology, std::int64_t now_ns,
                  std::vector<Slot>& free, std::vector<Action>& actions);
  /// False if there is no place for it now.
  bool decide_placement(const coord::TopologyRecord& record, bool active, bool anew,
                        std::int64_t now_ns, std::vector<Slot>& free, std::vector<Action>& actions);
  void put_spouts(const coord::Versioned<coord::Assignment>& assignment, bool active,
                  std::vector<Action>& actions) const;

  Options options_;
  ClusterView view_;
  std::map<std::string, coord::TopologySpec> specs_{};
  std::map<std::string, SupervisorState> supervisors_{};
  std::map<WorkerKey, WorkerState> workers_{};
  std::map<WorkerKey, std::uint32_t> instances_{};
  std::map<std::string, std::int64_t> waiting_since_{};  // kills and rebalances under way
  std::int64_t hold_until_ns_ = 0;
};

}  // namespace rafale::nimbus
