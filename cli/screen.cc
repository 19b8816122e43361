// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Drawing and waiting for a signal.

#include "cli/screen.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>

#include <fmt/format.h>

#include "cli/cluster_call.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

/// The signals that end a view, held back so that one can be waited for.
sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

int redraw(std::chrono::milliseconds interval,
           const std::function<absl::StatusOr<std::string>()>& view) {
  const sigset_t signals = ending_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  int exit_code = kSuccess;
  for (bool first = true;; first = false) {
    const absl::StatusOr<std::string> text = view();
    if (!text.ok() && first) {
      exit_code = failed(text.status());
      break;
    }
    const std::string shown = text.ok() ? *text : std::string(text.status().message()) + "\n";
    fmt::print("{}{}", terminal ? "\x1b[H\x1b[2J\x1b[3J" : first ? "" : "\n", shown);
    std::fflush(stdout);
    timespec wait{};
    wait.tv_sec = static_cast<time_t>(interval.count() / 1000);
    wait.tv_nsec = static_cast<long>(interval.count() % 1000 * 1'000'000);
    if (sigtimedwait(&signals, nullptr, &wait) > 0 || std::ferror(stdout) != 0) break;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return exit_code;
}

}  // namespace rafale::cli
