// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From launch.json to a running worker.

#include "worker/cluster/cluster_mode.h"

#include <execinfo.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include <spdlog/logger.h>

#include "common/log.h"
#include "worker/cluster/cluster_codec.h"
#include "worker/cluster/cluster_worker.h"
#include "worker/plugin/plugin_loader.h"
#include "worker/plugin/settings.h"

namespace rafale::worker {
namespace {

constexpr std::chrono::milliseconds kFarewellTime{2000};

std::atomic<bool> stop_asked{false};

void ask_to_stop(int) { stop_asked = true; }

/// The last words of a crash: signal and stack, with functions that a signal handler may call.
void say_last_words(int number) {
  constexpr std::string_view kHead = "FATAL: signal ";
  static_cast<void>(!write(STDERR_FILENO, kHead.data(), kHead.size()));
  const char* name = sigabbrev_np(number);
  if (name != nullptr) static_cast<void>(!write(STDERR_FILENO, name, std::strlen(name)));
  static_cast<void>(!write(STDERR_FILENO, "\n", 1));
  std::array<void*, 48> frames{};
  const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
  backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void handle_signals() {
  std::array<void*, 1> warm_up{};
  backtrace(warm_up.data(), 1);  // loads what a handler must not load
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    struct sigaction action {};
    action.sa_handler = say_last_words;
    action.sa_flags = SA_RESETHAND | SA_NODEFER;
    sigaction(number, &action, nullptr);
  }
  std::signal(SIGTERM, ask_to_stop);
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGPIPE, SIG_IGN);
}

int refuse(const Launch& launch, const std::string& text) {
  common::log::make("worker")->error("{}", text);
  // The supervisor shows why.
  const auto supervisor = AttachClient::start(launch, [](const ClusterNews&) {});
  supervisor->finish({.state = "starting", .adopted_epoch = 0, .failure = text}, kFarewellTime);
  return kExitFailed;
}

}  // namespace

int run_cluster_mode(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2 || arguments[0] != "--slot") {
    common::log::make("worker")->error(
        "usage: rafale-worker cluster --slot DIR; supervisors start it so");
    return 2;
  }
  handle_signals();
  const absl::StatusOr<Launch> launch = read_launch(arguments[1]);
  if (!launch.ok()) {
    common::log::make("worker")->error("{}", std::string(launch.status().message()));
    return 2;
  }
  const auto settings = read_settings(launch->spec);
  if (!settings.ok()) return refuse(*launch, std::string(settings.status().message()));
  const std::string file = arguments[1] + "/settings.yaml";
  {
    std::ofstream out(file);
    for (const auto& [key, text] : *settings) out << key << ": " << text << "\n";
  }
  auto given = GivenSettings::read(file, {});
  if (!given.ok()) return refuse(*launch, std::string(given.status().message()));
  if (!launch->name.empty()) given->set("topology.name", launch->name);  // as it was submitted
  given->set_default("rafale.output", "text");
  given->set_default("rafale.tty", false);
  // A worker that was started anew goes on where its predecessor wrote.
  given->set_default("sink.append", true);
  const absl::StatusOr<LoadedTopology> loaded = load_topology(launch->plugin, given->config());
  if (!loaded.ok()) {
    std::string text;
    for (const std::string& line : explain(loaded.status(), *given).lines) {
      text += (text.empty() ? "" : "\n") + line;
    }
    return refuse(*launch, text);
  }
  ClusterWorker worker(*launch, loaded->topology());
  const int exit_code = worker.run(stop_asked);
  // Neither user code that hangs nor a link to a process that was stopped shall hold up the end.
  std::cout.flush();
  std::fflush(nullptr);
  _exit(exit_code);
}

}  // namespace rafale::worker
