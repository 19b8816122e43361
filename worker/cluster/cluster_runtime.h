// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The tasks of one worker among those of others.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "worker/cluster/cluster_exchange.h"
#include "worker/cluster/counter_layout.h"
#include "worker/cluster/membership.h"
#include "worker/runtime/topology_runtime.h"
#include "worker/transport/transport.h"

namespace rafale::worker {

/// A TopologyRuntime whose executors send over a transport, and that takes what comes in from it.
/// Must be destroyed before the transport, which must have stopped by then: batches of its pools
/// lie in our inboxes.
class ClusterRuntime {
 public:
  struct Options {
    std::uint32_t worker = 0;
    std::uint32_t instance = 1;
    unsigned threads = 0;  ///< see TopologyRuntime::Options
    std::string dead_letter_dir{};
    std::string counter_file{};  ///< empty: counters die with the process
    std::function<void(const std::string& component, const std::string& text)> on_error{};
  };
  /// Throws like TopologyRuntime, and std::invalid_argument for an assignment that does not fit the
  /// topology.
  ClusterRuntime(Topology topology, const Options& options, const Membership& members,
                 Transport& transport);

  TopologyRuntime& tasks() { return *runtime_; }
  const TopologyRuntime& tasks() const { return *runtime_; }
  /// Everything has been processed here, and the others know.
  bool done() const { return runtime_->done() && transport_.drained(); }

  /// What membership changed: first all losses, then all lanes move, on each executor's thread and
  /// before any callback runs there. The transport must know the new peers.
  void follow(const Membership& members, const Instances& lost);
  /// Tells the others of floors that rose since the last call. On the thread that called it first.
  void send_floors();
  /// Leaks what cannot be destroyed, see TopologyRuntime::stuck().
  void abandon() { static_cast<void>(runtime_.release()); }

  // --- the data half of TransportEvents, on the I/O thread
  void on_batch(Batch* batch, std::uint32_t from_worker);
  void on_records(TaskId spout_task, RecordBlock* block);
  void on_floor(const SpoutRef& spout, std::uint64_t floor);
  void on_room(TaskId task);

 private:
  void place(Placement& placement, const Plan& plan, const Membership& members, bool own) const;
  Executor* executor_of(TaskId task) const;

  Options options_;
  Transport& transport_;
  std::unique_ptr<CounterLayout> counters_;
  std::unique_ptr<ClusterWays> ways_;
  std::unique_ptr<TopologyRuntime> runtime_;
  std::map<TaskId, std::uint64_t> sent_floors_;
};

}  // namespace rafale::worker
