// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Watches a running topology until there is a reason to end it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "common/clock.h"
#include "worker/local/stop_source.h"
#include "worker/runtime/local_runtime.h"

namespace rafale::worker {

enum class RunEnd {
  done,           ///< every finite spout is done and nothing is open
  time_over,      ///< as long as was asked
  signal,         ///< see StopCause
  output_closed,  ///< see StopCause
};

struct WatchOptions {
  std::optional<std::chrono::milliseconds> run_for{};
  bool until_done = false;
  std::optional<std::chrono::milliseconds> stats_every{};
  std::function<void(const std::string& table)> print_stats{};
};

/// Returns when the first of the reasons applies. Without any option that is StopSource's.
RunEnd watch(LocalRuntime& runtime, const WatchOptions& options, const common::Clock& clock,
             StopSource& stop);

}  // namespace rafale::worker
