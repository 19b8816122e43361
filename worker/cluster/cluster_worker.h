// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One worker of a cluster, from its first assignment to its end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/clock.h"
#include "worker/cluster/attach_client.h"
#include "worker/cluster/cluster_exchange.h"
#include "worker/cluster/counter_layout.h"
#include "worker/cluster/heartbeat_client.h"
#include "worker/runtime/topology_runtime.h"
#include "worker/transport/transport.h"

namespace rafale::worker {

/// Exit codes; the supervisor knows what they mean.
inline constexpr int kExitFailed = 20;  ///< load, open() or prepare() failed
inline constexpr int kExitFenced = 21;  ///< another instance owns our worker number

/// Runs on the thread that calls run(); news and events of the transport come in from others and
/// wait until that thread looks at them. Steps: adopt the first assignment, prepare bolts, say
/// READY, wait for all peers, open spouts; then live from assignment to assignment.
class ClusterWorker final : public TransportEvents {
 public:
  ClusterWorker(const Launch& launch, Topology topology);
  ~ClusterWorker() override;

  /// Until the end; the exit code. `stop_asked` is looked at ten times a second.
  int run(const std::atomic<bool>& stop_asked);

  // --- TransportEvents, on the I/O thread
  void on_batch(Batch* batch, std::uint32_t from_worker) override;
  void on_records(TaskId spout_task, RecordBlock* block) override;
  void on_floor(const SpoutRef& spout, std::uint64_t floor) override;
  void on_peer_ready(std::uint32_t worker, std::uint32_t instance) override;
  void on_peer_down(std::uint32_t worker, std::uint32_t instance) override;
  void on_instance(std::uint32_t worker, std::uint32_t instance) override;
  void on_fenced(std::uint32_t own_instance_seen) override;
  void on_room(TaskId task) override;

 private:
  enum class Phase { waiting, starting, running };

  void take_news(ClusterNews news);
  void wait_for_mail();
  /// False when the worker shall end, with exit_code_ set.
  bool handle(const ClusterNews& news);
  bool start_with(const TopologyAssignment& assignment);
  bool adopt(const TopologyAssignment& assignment);
  bool is_still_ours(const TopologyAssignment& assignment) const;
  std::unique_ptr<Placement> place(const Plan& plan) const;
  void learn_instances(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& current);
  void lose_and_rebind(const std::map<std::uint32_t, std::uint32_t>& lost);
  void set_peers();
  std::string address_of(const AssignedWorker& worker) const;
  std::uint32_t instance_of(const AssignedWorker& worker) const;
  bool open_if_all_are_ready();
  void send_floors();
  bool fail(const std::string& text, int exit_code);
  void say();
  Pulse pulse() const;
  void note_error(const std::string& component, const std::string& text);
  void stop_gracefully(std::uint32_t within_ms);

  const Launch launch_;
  common::SystemClock clock_;
  Topology topology_;
  std::unique_ptr<Plan> plan_;  // before there is a runtime
  std::unique_ptr<CounterLayout> counters_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ClusterWays> ways_;
  std::unique_ptr<TopologyRuntime> runtime_;
  std::atomic<TopologyRuntime*> shown_runtime_{nullptr};
  std::vector<AssignedExecutor> own_executors_;
  TopologyAssignment assignment_;
  std::map<std::uint32_t, std::uint32_t> instances_;  // newest known, by worker
  std::map<std::string, std::string> socket_dirs_;
  std::map<TaskId, std::uint64_t> sent_floors_;
  Phase phase_ = Phase::waiting;
  bool spouts_open_ = false;
  int exit_code_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable mail_;
  std::vector<ClusterNews> news_;
  std::map<std::uint32_t, std::uint32_t> heard_instances_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> ready_peers_;
  bool peers_changed_ = false;
  std::uint32_t fenced_by_ = 0;
  std::vector<ReportedError> errors_;
  Pulse pulse_;  // as the heartbeat shall say it

  std::unique_ptr<AttachClient> supervisor_;
  std::unique_ptr<HeartbeatClient> nimbus_;
};

}  // namespace rafale::worker
