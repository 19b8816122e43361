// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Lets the reconciler see and act on this machine.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/cluster_config.h"
#include "coord/cluster_state.h"
#include "rafale/v1/nimbus.pb.h"
#include "supervisor/artifact_cache.h"
#include "supervisor/attach_service.h"
#include "supervisor/error_outbox.h"
#include "supervisor/nimbus_client.h"
#include "supervisor/process_watcher.h"
#include "supervisor/reconciler.h"

namespace rafale::supervisor {

/// One thread owns the reconciler and does all that it asks for, but downloads, which have a thread
/// of their own. All functions may be called from any thread.
class Driver {
 public:
  Driver(coord::ClusterState& state, const common::ClusterConfig& config,
         coord::SupervisorInfo self, const common::Clock& clock);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  AttachHub& hub() { return *hub_; }
  /// Finds the workers of an earlier supervisor. Before the hub is served: whom it does not know,
  /// it refuses, and who is refused ends.
  void find_workers();
  void start();
  /// Leaves the workers running, or ends them all first.
  void stop(bool workers_too);

  std::vector<v1::WorkerReport> reports() const;
  /// Slots in each state, for /metrics.
  std::map<std::string, int> states() const;
  std::uint64_t deaths() const { return deaths_.load(); }

 private:
  using Event = std::function<std::vector<Action>(std::int64_t now_ns)>;

  void run();
  void post(Event event);
  void perform(const Action& action);
  void sweep_assignments();
  void tell(const Slot& slot, bool everything);
  void tell_topology(const std::string& topology);
  void fetch_loop();
  void launch(const Slot& slot);
  void died(const WorkerDied& death);
  void housekeeping(std::int64_t now_ns);
  bool said(const WorkerSaid& word);
  v1::SupervisorHeartbeatRequest heartbeat();
  void heard(const v1::SupervisorHeartbeatResponse& answer);
  std::string slot_dir(std::uint32_t port) const;
  std::string log_of(const Slot& slot) const;

  coord::ClusterState& state_;
  const common::ClusterConfig config_;
  const coord::SupervisorInfo self_;
  const common::Clock& clock_;
  const std::string dir_;
  ArtifactCache cache_;  // the fetching thread's
  std::unique_ptr<AttachHub> hub_;
  std::unique_ptr<NimbusClient> nimbus_;
  std::unique_ptr<ProcessWatcher> watcher_;

  mutable std::mutex mutex_;  // over all below
  std::condition_variable wake_;
  Reconciler reconciler_;
  std::vector<Event> events_;
  std::map<std::string, coord::Assignment> assignments_;  // by topology
  std::map<std::string, coord::SupervisorInfo> supervisors_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> instances_;  // newest known
  std::map<coord::InstanceId, v1::WorkerStats> dead_;                         // not confirmed yet
  ErrorOutbox errors_;
  std::map<std::uint32_t, std::pair<std::string, std::string>> artifacts_;  // plugin, spec by port
  std::map<std::uint32_t, std::uint64_t> log_begins_;  // size of the log at launch
  bool assignments_changed_ = true;
  bool stopping_ = false;

  std::condition_variable fetch_wake_;
  std::vector<Fetch> fetches_;

  std::uint64_t changes_watch_ = 0;
  std::int64_t read_at_ns_ = 0;     // own thread
  std::int64_t cleaned_at_ns_ = 0;  // own thread
  std::atomic<std::uint64_t> deaths_{0};
  std::thread fetcher_;
  std::thread thread_;
};

}  // namespace rafale::supervisor
