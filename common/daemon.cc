// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Arguments, signals and exit codes of daemons.

#include "common/daemon.h"

#include <malloc.h>
#include <pthread.h>

#include <csignal>
#include <ctime>
#include <iostream>

#include <spdlog/common.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/log.h"

namespace rafale::common {

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

int daemon_main(const std::string& program, int argc, char** argv,
                const std::function<absl::Status(const ClusterConfig&, const DaemonCall&)>& run) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  mallopt(M_ARENA_MAX, 2);
  hold_back_signals();
  log::set_up(log::Format::text, spdlog::level::info, false);
  const auto call = DaemonCall::parse(program, {argv + 1, argv + argc});
  absl::Status ended = call.status();
  if (ended.ok()) {
    const auto config = ClusterConfig::load(call->config_file, call->overrides);
    ended = config.ok() ? run(*config, *call) : config.status();
  }
  if (ended.ok()) return 0;
  std::cerr << program << ": " << ended.message() << "\n";
  return absl::IsInvalidArgument(ended) ? 2 : 1;
}

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
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
