// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// rafale-worker: the process that runs user code. People call it by way of `rafale`.

#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/clock.h"
#include "common/log.h"
#include "worker/cluster/cluster_mode.h"
#include "worker/local/local_mode.h"
#include "worker/plugin/describe_mode.h"

namespace rafale::worker {
namespace {

// Before there is a second thread. Batches come and go in sizes that glibc would return to the
// system each time, at the price of page faults; and the deadlock detector of Debian's absl takes a
// global lock for each lock.
void tune_process() {
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TOP_PAD, 16 << 20);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // With gRPC's other engine whichever thread waits for anything polls for all, and wakes the one
  // that it was for: the lines to supervisor and Nimbus would take part in every frame.
  setenv("GRPC_POLL_STRATEGY", "poll", 0);
}

bool is_capable_terminal(int fd) {
  const char* term = std::getenv("TERM");
  return isatty(fd) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

bool wants_colour(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  return is_capable_terminal(fd) && (no_colour == nullptr || *no_colour == '\0');
}

void print_line(const std::string& text) {
  // What the topology printed comes first, whichever way it went.
  std::cout.flush();
  std::fputs(text.c_str(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
  std::fflush(stdout);
}

void complain_line(const std::string& text) {
  std::fputs((text.ends_with('\n') ? text : text + '\n').c_str(), stderr);
}

int wrong_call(std::string_view text) {
  complain_line("rafale-worker: " + std::string(text) +
                "; this program is started by rafale, see rafale help local");
  return 2;
}

int run_local(const std::vector<std::string>& arguments) {
  const auto options = parse_local_options(arguments);
  if (!options.ok()) return wrong_call(std::string(options.status().message()));
  common::log::set_up(options->log_format, options->log_level, wants_colour(STDERR_FILENO));
  const bool terminal = is_capable_terminal(STDOUT_FILENO);
  const common::SystemClock clock;
  SignalStopSource stop(terminal);
  return run_local_mode(*options, {.clock = clock,
                                   .stop = stop,
                                   .start = &LocalRuntime::start,
                                   .print = print_line,
                                   .complain = complain_line,
                                   .abandon = [](int exit_code) { _exit(exit_code); },
                                   .terminal = terminal});
}

int run_cluster(const std::vector<std::string>& arguments) {
  common::log::set_up(common::log::Format::text, spdlog::level::info, false);
  return run_cluster_mode(arguments);
}

}  // namespace
}  // namespace rafale::worker

int main(int argc, char** argv) {
  using namespace rafale::worker;
  tune_process();
  const std::vector<std::string> arguments(argv + std::min(argc, 2), argv + argc);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "local") return run_local(arguments);
  if (mode == "cluster") return run_cluster(arguments);
  if (mode == "describe") return run_describe_mode(arguments);
  return wrong_call(mode.empty() ? "a mode is missing" : "there is no mode " + std::string(mode));
}
