// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The worker's own word to Nimbus that it lives.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "worker/cluster/assignment.h"
#include "worker/runtime/topology_runtime.h"

namespace rafale::worker {

/// What a heartbeat says besides counters.
struct Pulse {
  std::string state = "starting";
  std::uint32_t adopted_epoch = 0;
  std::uint32_t peers = 0;
  std::uint32_t ready_peers = 0;
  bool spouts_open = false;
};

/// An error on its way to `rafale errors`.
struct ReportedError {
  std::string component;
  std::string text;
  std::int64_t at_unix_ms = 0;
};

/// Sends a heartbeat to the leading Nimbus each second, or at once after beat_now(). One thread of
/// its own; Nimbus may be away for as long as it likes.
class HeartbeatClient {
 public:
  struct Sources {
    std::function<Pulse()> pulse;
    std::function<TopologyRuntime*()> runtime;           ///< null before it is made
    std::function<std::vector<ReportedError>()> errors;  ///< new since the last call
    std::function<void(ClusterNews)> news;               ///< on the client's thread
  };
  static std::unique_ptr<HeartbeatClient> start(const Launch& launch, Sources sources);
  virtual ~HeartbeatClient() = default;
  virtual void beat_now() = 0;
  virtual void use_nimbuses(const std::vector<std::string>& addresses) = 0;
  /// When Nimbus last answered, as Clock::now_ns(); 0: never. Any thread.
  virtual std::int64_t answered_ns() const = 0;
};

}  // namespace rafale::worker
