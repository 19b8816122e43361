// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls to Nimbus: heartbeats to the one that leads, blobs from any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/security.h"
#include "rafale/v1/nimbus.pb.h"

namespace rafale::supervisor {

/// One thread of its own for heartbeats; download() on any.
class NimbusClient {
 public:
  struct Events {
    /// What to say now.
    std::function<v1::SupervisorHeartbeatRequest()> request;
    std::function<void(const v1::SupervisorHeartbeatResponse&)> answer;
  };
  static std::unique_ptr<NimbusClient> start(std::vector<std::string> seeds,
                                             const common::Security& security, Events events);
  virtual ~NimbusClient() = default;
  /// A heartbeat at once.
  virtual void beat_now() = 0;
  /// Known addresses of all Nimbus.
  virtual std::vector<std::string> nimbuses() const = 0;
  virtual absl::StatusOr<std::string> download(const std::string& sha256) = 0;
};

}  // namespace rafale::supervisor
