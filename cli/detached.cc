// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Fork, pidfd and probing sockets.

#include "cli/detached.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace rafale::cli {
namespace {

int open_loopback(std::uint16_t port, sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

void signal_and_wait(int pidfd, int number, std::chrono::milliseconds at_most) {
  syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0);
  pollfd wait{.fd = pidfd, .events = POLLIN, .revents = 0};
  poll(&wait, 1, static_cast<int>(at_most.count()));
}

}  // namespace

absl::StatusOr<common::ProcessId> start_detached(const std::vector<std::string>& arguments,
                                                 const std::string& log) {
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (out < 0 || in < 0) {
    return absl::FailedPreconditionError(
        fmt::format("cannot write {}: {}", log, std::strerror(errno)));
  }
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(words[0], words.data());
    _exit(127);
  }
  close(in);
  close(out);
  if (pid < 0) return absl::InternalError(fmt::format("fork: {}", std::strerror(errno)));
  return common::process_of(static_cast<std::uint32_t>(pid));
}

bool runs(const common::ProcessId& process) {
  int ended = 0;  // if it is a child of ours
  if (process.pid != 0) waitpid(static_cast<pid_t>(process.pid), &ended, WNOHANG);
  return common::is_running(process);
}

void end(const common::ProcessId& process, std::chrono::milliseconds grace) {
  const int pidfd = runs(process) ? static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)) : -1;
  if (pidfd < 0) return;
  // Looked at again now that the descriptor holds the process: the number may have changed hands.
  if (runs(process)) signal_and_wait(pidfd, SIGTERM, grace);
  if (runs(process)) signal_and_wait(pidfd, SIGKILL, std::chrono::seconds(5));
  close(pidfd);
}

absl::StatusOr<std::vector<std::uint16_t>> free_ports(std::size_t count) {
  std::vector<std::uint16_t> ports;
  std::vector<int> held;
  ports.reserve(count);
  held.reserve(count);
  bool good = true;
  for (std::size_t i = 0; i < count && good; ++i) {
    sockaddr_in address;
    socklen_t size = sizeof address;
    const int fd = open_loopback(0, address);
    held.push_back(fd);
    good = bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
           getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int fd : held) close(fd);
  if (!good) return absl::ResourceExhaustedError("no free TCP ports on this machine");
  return ports;
}

bool answers(std::uint16_t port) {
  sockaddr_in address;
  const int fd = open_loopback(port, address);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

}  // namespace rafale::cli
