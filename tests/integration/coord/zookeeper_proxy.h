// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Stands between one client and ZooKeeper's server, and breaks their connection when told.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace rafale::coord {

/// Listens on a free port of the loopback device. One thread; functions from any thread.
class ZookeeperProxy {
 public:
  explicit ZookeeperProxy(std::uint16_t server);
  ~ZookeeperProxy();
  ZookeeperProxy(const ZookeeperProxy&) = delete;
  ZookeeperProxy& operator=(const ZookeeperProxy&) = delete;

  std::uint16_t port() const { return port_; }
  /// Breaks the connection, and each new one at once, until mend().
  void cut() { set(open_, false); }
  void mend() { set(open_, true); }
  /// The server gets the next write; the connection breaks when it answers.
  void lose_next_answer() { set(losing_, true); }
  /// What the server gave the client to come back with: the session and its password.
  struct Ticket {
    std::int64_t session = 0;
    std::string password;
  };
  Ticket ticket();

 private:
  struct Pair {
    int client = -1;
    int server = -1;
    std::string begun{};    // a message of the client whose end has not come
    bool welcomed = false;  // the server's first message has passed
    bool losing = false;    // breaks with the server's next word
  };
  void set(std::atomic<bool>& flag, bool value);
  void run();
  void accept_one();
  bool from_client(Pair& pair);
  void look_for_writes(Pair& pair);
  bool from_server(Pair& pair);

  const std::uint16_t server_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  std::atomic<bool> open_{true};
  std::atomic<bool> losing_{false};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  Ticket ticket_;
  std::list<Pair> pairs_;
  std::thread thread_;
};

}  // namespace rafale::coord
