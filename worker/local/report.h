// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a run says of itself at its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "worker/metrics/snapshot.h"

namespace rafale::worker {

/// A run that is over.
struct RunResult {
  std::string topology;
  Snapshot snapshot;
  std::chrono::nanoseconds elapsed{0};
  bool drained = true;  ///< stop() reached the end of all queues in time
};

/// Messages that are neither acked nor dead-lettered.
std::uint64_t messages_left(const RunResult& result);

/// 0 if everything was acked or dead-lettered, else 1.
int exit_code(const RunResult& result);

/// `emitted 1041089 acked 1041086 failed 12 replayed 12 dead_lettered 3 elapsed 2.31s`.
std::string result_text(const RunResult& result);

/// The same and more as a JSON object on one line; latencies and components as in
/// worker/metrics/snapshot.h.
std::string result_json(const RunResult& result);

/// One sentence on what is left and what may help; empty if nothing is left.
std::string leftover_text(const RunResult& result);

}  // namespace rafale::worker
