// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The supervisor's lines to its workers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coord/types.h"

namespace grpc {
class Service;
}

namespace rafale::supervisor {

/// What is told to a worker.
struct WorkerNews {
  const coord::Assignment* assignment = nullptr;
  std::vector<coord::InstanceId> current{};
  std::vector<std::string> nimbuses{};
  std::vector<coord::SupervisorInfo> supervisors{};  ///< of the assignment
  bool stop = false;
  std::uint32_t stop_within_ms = 0;
};

/// What a worker says.
struct WorkerSaid {
  std::string topology;
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;
  std::string token;
  std::uint32_t pid = 0;
  std::string state;
  std::uint32_t adopted_epoch = 0;
  std::string failure;
};

/// Serves SupervisorForWorkers. Workers are known by the token of their launch.
class AttachHub {
 public:
  struct Events {
    /// False refuses a process that is none of ours. Any thread of the server.
    std::function<bool(const WorkerSaid&)> said;
    /// A worker attached: it is to be told everything. Any thread of the server.
    std::function<void(const std::string& token)> attached;
  };
  static std::unique_ptr<AttachHub> make(Events events);
  virtual ~AttachHub() = default;
  virtual grpc::Service& service() = 0;
  /// Any thread; nothing happens if that worker is not attached.
  virtual void tell(const std::string& token, const WorkerNews& news) = 0;
  /// Ends all streams.
  virtual void stop() = 0;
};

}  // namespace rafale::supervisor
