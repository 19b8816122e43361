// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Arguments and signals of daemons.

#include "common/daemon.h"

#include <pthread.h>

#include <csignal>
#include <ctime>

#include "absl/strings/str_cat.h"

namespace rafale::common {
namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

absl::StatusOr<DaemonCall> DaemonCall::parse(const std::string& program,
                                             const std::vector<std::string>& arguments) {
  DaemonCall call;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--config" && has_value) {
      call.config_file = arguments[++i];
    } else if (arguments[i] == "-c" && has_value) {
      call.overrides.push_back(arguments[++i]);
    } else if (arguments[i] == "--stop-workers-on-exit") {
      call.stop_workers_on_exit = true;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat(program, " takes --config FILE and -c KEY=VALUE, not '", arguments[i],
                       "'; people start it by way of rafale, see rafale help"));
    }
  }
  return call;
}

void hold_back_signals() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void wait_for_end() {
  const sigset_t set = ending_signals();
  int number = 0;
  sigwait(&set, &number);
}

bool wait_for_end_or(std::chrono::milliseconds at_most) {
  const sigset_t set = ending_signals();
  timespec wait{};
  wait.tv_sec = static_cast<time_t>(at_most.count() / 1000);
  wait.tv_nsec = static_cast<long>(at_most.count() % 1000 * 1'000'000);
  return sigtimedwait(&set, nullptr, &wait) > 0;
}

}  // namespace rafale::common
