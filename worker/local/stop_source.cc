// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Signal handlers and the wait for them.

#include "worker/local/stop_source.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <string_view>

namespace rafale::worker {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

// All that a handler may touch.
std::atomic<int> signals_seen{0};
std::atomic<int> wake_descriptor{-1};
std::atomic<bool> restore_terminal{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

std::array<struct sigaction, kSignals.size()> actions_before;
struct sigaction pipe_action_before;

void write_from_handler(int fd, std::string_view text) {
  // Nothing can be done about a failure here.
  [[maybe_unused]] const ssize_t ignored = write(fd, text.data(), text.size());
}

extern "C" void on_stop_signal(int signal_number) {
  const int errno_before = errno;
  if (signals_seen.fetch_add(1) == 0) {
    write_from_handler(STDERR_FILENO, "stopping; press Ctrl-C again to end at once\n");
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t ignored = write(wake_descriptor.load(), &one, sizeof one);
  } else {
    // Cursor on, colours off, and the prompt on a line of its own.
    if (restore_terminal.load()) write_from_handler(STDOUT_FILENO, "\x1b[?25h\x1b[0m\n");
    _exit(128 + signal_number);
  }
  errno = errno_before;
}

}  // namespace

SignalStopSource::SignalStopSource(bool terminal)
    : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  signals_seen = 0;
  wake_descriptor = wake_fd_;
  restore_terminal = terminal;
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;  // plugins need not expect EINTR
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &actions_before[i]);
    // nohup has SIGHUP ignored, and means it.
    const bool keep = kSignals[i] == SIGHUP && actions_before[i].sa_handler == SIG_IGN;
    if (!keep) sigaction(kSignals[i], &action, nullptr);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &pipe_action_before);
}

SignalStopSource::~SignalStopSource() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &actions_before[i], nullptr);
  }
  sigaction(SIGPIPE, &pipe_action_before, nullptr);
  wake_descriptor = -1;
  close(wake_fd_);
}

StopCause SignalStopSource::wait(std::chrono::milliseconds at_most) {
  // Nothing is ever read from the event, so that it stays said.
  std::array<pollfd, 2> watched{pollfd{wake_fd_, POLLIN, 0}, pollfd{STDOUT_FILENO, 0, 0}};
  const auto timeout = std::clamp<std::int64_t>(at_most.count(), 0, INT_MAX);
  const int ready = poll(watched.data(), watched.size(), static_cast<int>(timeout));
  if (signals_seen.load() > 0) return StopCause::signal;
  // POLLNVAL, standard output was never open, is nobody's wish.
  if (ready > 0 && (watched[1].revents & (POLLERR | POLLHUP)) != 0) return StopCause::output_closed;
  return StopCause::none;
}

}  // namespace rafale::worker
