// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Accepts connections by itself, so that running out of file descriptors is survived.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rafale::common {

/// One thread that waits on all listeners. When descriptors run out it gives up its spare one,
/// takes the waiting connection and closes it, so that the backlog cannot fill for good.
class Acceptor {
 public:
  /// Takes a connected socket; called on the acceptor's thread.
  using Take = std::function<void(int fd)>;

  Acceptor();
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// Before start(). Returns the bound port.
  absl::StatusOr<std::uint16_t> listen_tcp(const std::string& host, std::uint16_t port, Take take);
  absl::Status listen_unix(const std::string& path, Take take);
  void start();
  void stop();
  /// Connections refused as no descriptor was left.
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  struct Listener {
    int fd;
    bool local;
    Take take;
    std::string path;
  };
  void run();
  void accept_from(const Listener& listener);

  std::vector<Listener> listeners_;
  int wake_fd_;
  int spare_fd_;
  std::atomic<std::uint64_t> refused_{0};
  std::thread thread_;
};

}  // namespace rafale::common
