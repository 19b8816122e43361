// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sockets, poll, and as much of ZooKeeper's protocol as it takes to know a write and a session.

#include "tests/integration/coord/zookeeper_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace rafale::coord {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

/// Whether a client's message, which is length, number, type and more, is a write.
bool is_write(std::string_view message) {
  constexpr std::uint64_t kCreate = 1, kDelete = 2, kSetData = 5, kMulti = 14;
  if (message.size() < 12) return false;
  const std::uint64_t type = big_endian(message.substr(8, 4));
  return type == kCreate || type == kDelete || type == kSetData || type == kMulti;
}

bool send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// What is there; empty if the other side is gone.
std::string receive(int from) {
  std::string bytes(65536, '\0');
  const ssize_t size = recv(from, bytes.data(), bytes.size(), 0);
  bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return bytes;
}

}  // namespace

ZookeeperProxy::ZookeeperProxy(std::uint16_t server) : server_(server) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port to listen on");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

ZookeeperProxy::~ZookeeperProxy() {
  set(stopping_, true);
  thread_.join();
  close(listener_);
  close(wake_);
}

ZookeeperProxy::Ticket ZookeeperProxy::ticket() {
  const std::lock_guard lock(mutex_);
  return ticket_;
}

void ZookeeperProxy::set(std::atomic<bool>& flag, bool value) {
  flag = value;
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_, &one, sizeof one));
}

void ZookeeperProxy::run() {
  while (!stopping_) {
    std::vector<pollfd> waits{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      waits.push_back({pair.client, POLLIN, 0});
      waits.push_back({pair.server, POLLIN, 0});
    }
    if (poll(waits.data(), waits.size(), -1) < 0) continue;
    if (waits[0].revents != 0) {
      std::uint64_t count = 0;
      static_cast<void>(!read(wake_, &count, sizeof count));
    }
    std::size_t at = 2;
    for (auto pair = pairs_.begin(); pair != pairs_.end(); at += 2) {
      const bool keep = open_ && !stopping_ && (waits[at].revents == 0 || from_client(*pair)) &&
                        (waits[at + 1].revents == 0 || from_server(*pair));
      if (keep) {
        ++pair;
        continue;
      }
      close(pair->client);
      close(pair->server);
      pair = pairs_.erase(pair);
    }
    if (waits[1].revents != 0) accept_one();
  }
  for (const Pair& pair : pairs_) {
    close(pair.client);
    close(pair.server);
  }
}

void ZookeeperProxy::accept_one() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(server_);
  if (!open_ || connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(client);
    close(server);
    return;
  }
  const int on = 1;
  for (const int fd : {client, server}) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  pairs_.push_back({.client = client, .server = server});
}

bool ZookeeperProxy::from_client(Pair& pair) {
  const std::string bytes = receive(pair.client);
  if (bytes.empty()) return false;
  pair.begun += bytes;
  look_for_writes(pair);
  return send_all(pair.server, bytes);
}

void ZookeeperProxy::look_for_writes(Pair& pair) {
  constexpr std::size_t kLength = 4;
  while (pair.begun.size() >= kLength) {
    const std::size_t size = kLength + big_endian(std::string_view(pair.begun).substr(0, kLength));
    if (pair.begun.size() < size) return;
    // The first message of a connection is no request.
    if (pair.welcomed && is_write(pair.begun.substr(0, size)) && losing_.exchange(false)) {
      pair.losing = true;
    }
    pair.begun.erase(0, size);
  }
}

bool ZookeeperProxy::from_server(Pair& pair) {
  const std::string bytes = receive(pair.server);
  if (bytes.empty() || pair.losing) return false;
  // The first message: length, version, timeout, session, length of the password, password.
  constexpr std::size_t kSession = 12, kPassword = 24, kPasswordSize = 16;
  if (!pair.welcomed && bytes.size() >= kPassword + kPasswordSize) {
    const std::lock_guard lock(mutex_);
    ticket_.session = static_cast<std::int64_t>(big_endian(bytes.substr(kSession, 8)));
    ticket_.password = bytes.substr(kPassword, kPasswordSize);
  }
  pair.welcomed = true;
  return send_all(pair.client, bytes);
}

}  // namespace rafale::coord
