// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Drawing and waiting for a signal.

#include "cli/screen.h"

#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/cluster_call.h"
#include "cli/verb.h"
#include "common/daemon.h"

namespace rafale::cli {

int redraw(std::chrono::milliseconds interval,
           const std::function<absl::StatusOr<std::string>()>& view) {
  // Held back so that they can be waited for.
  const sigset_t signals = common::ending_signals();
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
    if (common::wait_for_end_or(interval) || std::ferror(stdout) != 0) break;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return exit_code;
}

}  // namespace rafale::cli
