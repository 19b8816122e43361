// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Lets the coordinator see and act: reads the store, writes what it decides, answers requests.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/keeper_thread.h"
#include "coord/cluster_state.h"
#include "coord/election.h"
#include "nimbus/blob_store.h"
#include "nimbus/coordinator.h"

namespace rafale::nimbus {

/// What the driver asks of other Nimbus; an implementation is in peer_client.h.
struct Peers {
  /// Copies a blob to one other Nimbus that lives; OK if there is none.
  std::function<absl::Status(const std::string& sha256)> replicate;
  /// Fetches a blob from any other.
  std::function<absl::Status(const std::string& sha256)> fetch;
};

/// What a client wants to submit.
struct SubmitOrder {
  std::string request_id;
  std::string name;
  std::string plugin_sha256;  ///< empty in a dry run
  coord::TopologySpec spec;
  std::string owner;
  bool inactive = false;
};

/// One thread sweeps each second and whenever something changed; requests are served on the threads
/// of the services. One mutex guards the coordinator; it is not held during writes of requests to
/// other Nimbus. All functions may be called from any thread.
class Driver {
 public:
  struct Parts {
    coord::ClusterState& state;
    BlobStore& blobs;
    const common::Clock& clock;
    Coordinator::Options options;
    Peers peers;
    std::function<void(const std::string& topology)> on_removed;
  };
  Driver(Parts parts);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// The election calls driver.wake() when something changed. Set once, before start().
  void use(const coord::Election& election) { election_ = &election; }
  void start();
  void stop();
  void wake();

  /// Whether this one leads now; FAILED_PRECONDITION with the leader's address in `leader`,
  /// UNAVAILABLE if there is none or ZooKeeper is away.
  absl::Status check_leading(std::string& leader) const;

  void hear(SupervisorBeat beat);
  void hear(const WorkerBeat& beat);
  void hear_errors(const std::string& topology, std::vector<coord::ErrorEntry> errors);

  absl::StatusOr<std::string> submit(const SubmitOrder& order);
  absl::StatusOr<coord::Assignment> plan_submit(const SubmitOrder& order);
  absl::StatusOr<std::string> kill(const std::string& request_id, const std::string& name,
                                   std::optional<std::uint32_t> wait_secs);
  absl::StatusOr<std::string> set_active(const std::string& request_id, const std::string& name,
                                         bool active);
  struct Rebalance {
    std::string request_id;
    std::string name;
    std::optional<std::uint32_t> workers;
    std::map<std::string, std::uint32_t> executors;
    std::optional<std::uint32_t> wait_secs;
  };
  absl::StatusOr<std::string> rebalance(const Rebalance& order);
  struct Change {
    std::string id;
    coord::Assignment before, after;
  };
  absl::StatusOr<Change> plan_rebalance(const Rebalance& order);
  absl::StatusOr<std::vector<coord::ErrorEntry>> errors(const std::string& name);

  /// Runs `look` with the coordinator, locked.
  template <class Look>
  auto with(Look look) const {
    const std::lock_guard lock(mutex_);
    return look(coordinator_);
  }
  /// The record of a topology by name or id; NOT_FOUND with a hint.
  absl::StatusOr<coord::TopologyRecord> find(const std::string& name) const;

 private:
  void sweep();
  bool read();
  void load_specs();
  absl::Status act(const Action& action);
  void collect_garbage();
  void flush_errors();
  coord::LeaderToken token() const;
  absl::StatusOr<std::string> change(
      const std::string& request_id, const std::string& name,
      const std::function<absl::Status(coord::TopologyRecord&)>& edit);
  absl::StatusOr<std::optional<std::string>> earlier(const std::string& request_id);

  Parts parts_;
  const coord::Election* election_ = nullptr;
  mutable std::mutex mutex_;
  Coordinator coordinator_;
  std::map<std::string, std::vector<coord::ErrorEntry>> new_errors_;

  std::mutex keeper_mutex_;  // others may wake it before it is there
  bool stopped_ = false;     // by stop()
  std::uint64_t changes_watch_ = 0;
  std::uint64_t supervisors_watch_ = 0;
  std::atomic<bool> stale_{true};  // the store changed since the last read
  std::int64_t led_since_ = 0;     // 0: not leading; own thread
  std::mutex placing_mutex_;       // from a decision to its write; taken before read_mutex_
  std::mutex read_mutex_;          // one reads at a time; taken before mutex_
  std::atomic<std::int64_t> read_at_ns_{0};
  std::int64_t collected_at_ns_ = 0;                   // own thread
  std::map<std::string, std::int64_t> spec_failures_;  // own thread: tried at
  std::unique_ptr<common::KeeperThread> keeper_;       // calls sweep()
};

}  // namespace rafale::nimbus
