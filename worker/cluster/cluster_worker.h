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
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "worker/cluster/attach_client.h"
#include "worker/cluster/cluster_runtime.h"
#include "worker/cluster/heartbeat_client.h"
#include "worker/cluster/lifecycle.h"
#include "worker/cluster/membership.h"
#include "worker/transport/transport.h"

namespace rafale::worker {

/// Drives Lifecycle and Membership on the thread that calls run(). News and events of the transport
/// come in from other threads and wait, merged, until that thread looks at them.
class ClusterWorker final : public TransportEvents {
 public:
  ClusterWorker(const Launch& launch, Topology topology);
  ~ClusterWorker() override;

  /// Until the end; the exit code. `stop_asked` is looked at ten times a second.
  int run(const std::atomic<bool>& stop_asked);
  /// User code has not returned from a call: nothing may be unloaded, end the process.
  bool stuck() const { return stuck_; }

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
  /// What came since the last look.
  struct Mail {
    ClusterNews news;
    // (worker, instance) -> whether it is ready now
    std::map<std::pair<std::uint32_t, std::uint32_t>, bool> peers;
    bool any = false;
  };

  template <class F>
  void post(F add);
  Mail wait_for_mail();
  void look_at(Mail mail);
  void look_at_assignment(const TopologyAssignment& assignment);
  void look_at_time();
  void follow(const Instances& lost);
  void perform(const Lifecycle::Actions& actions);
  absl::Status prepare();
  absl::Status start_transport();
  void close();
  void tell();
  Pulse pulse() const;
  void note_error(const std::string& component, const std::string& text);

  const Launch launch_;
  common::SystemClock clock_;
  Topology topology_;
  Lifecycle life_;
  Membership members_;
  std::unique_ptr<Plan> plan_;  // for what the transport asks before there is a runtime
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ClusterRuntime> runtime_;
  std::atomic<TopologyRuntime*> shown_runtime_{nullptr};
  bool stuck_ = false;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable mail_came_;
  Mail mail_;
  std::vector<ReportedError> errors_;
  Pulse pulse_;  // as the heartbeat shall say it

  std::unique_ptr<AttachClient> supervisor_;
  std::unique_ptr<HeartbeatClient> nimbus_;
};

}  // namespace rafale::worker
