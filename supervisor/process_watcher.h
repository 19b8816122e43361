// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Starts worker processes and learns at once when one ends.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/process_id.h"

namespace rafale::supervisor {

using common::is_running;
using common::ProcessId;

/// How a process ended, in words: "exit code 1", "signal 9 (Killed)".
std::string describe_exit(int wait_status);

/// One thread that waits on the pidfds of all watched processes. Other functions from any thread.
class ProcessWatcher {
 public:
  /// `on_exit(key, how)` runs on the watcher's thread.
  explicit ProcessWatcher(std::function<void(std::uint32_t key, const std::string& how)> on_exit);
  ~ProcessWatcher();
  ProcessWatcher(const ProcessWatcher&) = delete;
  ProcessWatcher& operator=(const ProcessWatcher&) = delete;

  struct Command {
    std::vector<std::string> arguments;  ///< the first is a path
    std::string directory;
    std::string log;  ///< gets output and errors, appended
  };
  /// Starts it in a session of its own, so that it outlives us, and watches it.
  absl::StatusOr<ProcessId> start(std::uint32_t key, const Command& command);
  /// Watches one that an earlier supervisor started. False if it does not run.
  bool adopt(std::uint32_t key, const ProcessId& process);
  /// Sends a signal; never to another process of the same number.
  void signal(std::uint32_t key, int number);

 private:
  struct Watched {
    int pidfd = -1;
    ProcessId process;
    bool child = false;
  };
  void watch(std::uint32_t key, const ProcessId& process, bool child);
  void run();

  const std::function<void(std::uint32_t, const std::string&)> on_exit_;
  int wake_fd_;
  std::mutex mutex_;
  std::map<std::uint32_t, Watched> watched_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rafale::supervisor
