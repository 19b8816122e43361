// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Settings and command line of the server.

#include "tests/integration/coord/zookeeper_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include <zookeeper/zookeeper.h>

namespace rafale::coord {
namespace {

constexpr const char* kJar = "/usr/share/java/zookeeper.jar";
constexpr const char* kJava = "/usr/bin/java";
constexpr int kSessionMs = 1000;
constexpr int kPauseMs = 20;
constexpr int kMostLooks = 60'000 / kPauseMs;

/// A port that nobody listens on.
std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool found = bind(fd, generic, size) == 0 && getsockname(fd, generic, &size) == 0;
  close(fd);
  if (!found) throw std::runtime_error("no port is free");
  return ntohs(address.sin_port);
}

}  // namespace

std::string ZookeeperServer::skip_reason() {
  for (const char* needed : {kJar, kJava}) {
    if (!std::filesystem::exists(needed)) {
      return std::string("needs ZooKeeper's server: there is no ") + needed +
             " (apt install zookeeper)";
    }
  }
  return {};
}

void ZookeeperServer::start() {
  if (port_ == 0) port_ = free_port();
  // No session is given a shorter life than two ticks.
  support::write_file(scratch_ / "zoo.cfg",
                      "tickTime=250\ndataDir=" + scratch_.path() +
                          "\nclientPort=" + std::to_string(port_) +
                          "\nclientPortAddress=127.0.0.1\nmaxSessionTimeout=120000\n"
                          "admin.enableServer=false\nmaxClientCnxns=0\n");
  const std::string command =
      std::string("exec ") + kJava +
      " -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dzookeeper.forceSync=no -cp " + kJar +
      " org.apache.zookeeper.server.ZooKeeperServerMain '" + (scratch_ / "zoo.cfg") + "' >> '" +
      (scratch_ / "log") + "' 2>&1";
  process_ = std::make_unique<support::Process>(std::vector<std::string>{"/bin/sh", "-c", command});
  if (!answers()) {
    throw std::runtime_error("ZooKeeper does not start:\n" + support::read_file(scratch_ / "log"));
  }
}

void ZookeeperServer::kill() { process_.reset(); }

bool ZookeeperServer::answers() const {
  // A server that starts may overlook a connection; with so short a session the client soon asks
  // anew.
  zhandle_t* handle = zookeeper_init(
      address().c_str(), [](zhandle_t*, int, int, const char*, void*) {}, kSessionMs, nullptr,
      nullptr, 0);
  if (handle == nullptr) return false;
  bool connected = false;
  for (int i = 0; i < kMostLooks && !connected; ++i) {
    poll(nullptr, 0, kPauseMs);
    connected = zoo_state(handle) == ZOO_CONNECTED_STATE;
  }
  zookeeper_close(handle);
  return connected;
}

}  // namespace rafale::coord
