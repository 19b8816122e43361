// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The worker's line to its supervisor.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "worker/cluster/assignment.h"

namespace rafale::worker {

/// What a worker says of itself.
struct WorkerWord {
  std::string state = "starting";  ///< starting, running, draining
  std::uint32_t adopted_epoch = 0;
  std::string failure;  ///< why it ends
};

/// Holds an Attach stream open, and makes it anew whenever the supervisor was away; the worker runs
/// on meanwhile. One thread of its own.
class AttachClient {
 public:
  /// `on_news` is called on the client's thread.
  static std::unique_ptr<AttachClient> start(const Launch& launch,
                                             std::function<void(ClusterNews)> on_news);
  virtual ~AttachClient() = default;
  /// Any thread; repeated after each new connection.
  virtual void say(const WorkerWord& word) = 0;
  /// Says the last word and waits until the supervisor has taken it, for `at_most`. Once.
  virtual void finish(const WorkerWord& last, std::chrono::milliseconds at_most) = 0;
  /// Whether the supervisor is there now. Any thread.
  virtual bool attached() const = 0;
};

}  // namespace rafale::worker
