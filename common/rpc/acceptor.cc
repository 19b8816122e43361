// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sockets and poll.

#include "common/rpc/acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rafale::common {
namespace {

constexpr int kBacklog = 1024;
constexpr int kPauseMs = 20;  // when there are no descriptors at all

std::string why() { return std::strerror(errno); }

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses resolve(const std::string& host, std::uint16_t port, std::string& mistake) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) mistake = gai_strerror(code);
  return {found, &freeaddrinfo};
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

/// Makes the folder ours alone; what keeps it from being so.
std::string make_private(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return why();
  struct stat info {};
  if (lstat(folder.c_str(), &info) != 0) return why();
  if (!S_ISDIR(info.st_mode)) return "it is no folder";
  if (info.st_uid != geteuid()) return "it belongs to another user";
  if ((info.st_mode & 077) != 0) return "others may enter it; chmod 700 it";
  return {};
}

bool is_same_user(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

}  // namespace

Acceptor::Acceptor()
    : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      spare_fd_(open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Acceptor::~Acceptor() {
  stop();
  for (const Listener& listener : listeners_) {
    close(listener.fd);
    if (listener.local) unlink(listener.path.c_str());
  }
  close(wake_fd_);
  if (spare_fd_ >= 0) close(spare_fd_);
}

absl::StatusOr<std::uint16_t> Acceptor::listen_tcp(const std::string& host, std::uint16_t port,
                                                   Take take) {
  std::string mistake;
  const Addresses addresses = resolve(host, port, mistake);
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, kBacklog) == 0) {
      listeners_.push_back({fd, false, std::move(take), ""});
      return port_of(fd);
    }
    mistake = why();
    if (fd >= 0) close(fd);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", host, ":", port, ": ", mistake));
}

absl::Status Acceptor::listen_unix(const std::string& path, Take take) {
  const std::string folder = path.substr(0, path.rfind('/'));
  const std::string mistake = make_private(folder);
  if (!mistake.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot use ", folder, " for sockets: ", mistake));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is too long for a unix socket (",
                                                   sizeof address.sun_path - 1,
                                                   " bytes); choose a shorter storm.local.dir"));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  unlink(path.c_str());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0600) != 0 || listen(fd, kBacklog) != 0) {
    absl::Status status =
        absl::FailedPreconditionError(absl::StrCat("cannot listen on ", path, ": ", why()));
    if (fd >= 0) close(fd);
    return status;
  }
  listeners_.push_back({fd, true, std::move(take), path});
  return absl::OkStatus();
}

void Acceptor::start() {
  thread_ = std::thread([this] { run(); });
}

void Acceptor::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_fd_, &one, sizeof one));
  thread_.join();
}

void Acceptor::run() {
  std::vector<pollfd> waits;
  waits.reserve(listeners_.size() + 1);
  waits.push_back({.fd = wake_fd_, .events = POLLIN, .revents = 0});
  for (const Listener& listener : listeners_) {
    waits.push_back({.fd = listener.fd, .events = POLLIN, .revents = 0});
  }
  for (;;) {
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) return;
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      if (waits[i + 1].revents != 0) accept_from(listeners_[i]);
    }
  }
}

void Acceptor::accept_from(const Listener& listener) {
  for (;;) {
    const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      if (listener.local && !is_same_user(fd)) {
        close(fd);
        continue;
      }
      if (!listener.local) {
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      listener.take(fd);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EMFILE && errno != ENFILE) return;
    // This is said even if nobody waits.
    if (spare_fd_ < 0) {
      poll(nullptr, 0, kPauseMs);
      spare_fd_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
      return;
    }
    close(spare_fd_);
    const int refused = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (refused >= 0) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      close(refused);
    }
    spare_fd_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (refused < 0) return;
  }
}

}  // namespace rafale::common
