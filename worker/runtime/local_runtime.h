// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Runs a whole topology in this process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "rafale/topology.h"
#include "worker/metrics/snapshot.h"

namespace rafale::worker {

struct LocalOptions {
  /// Threads of the executor pool; 0: one per core.
  unsigned threads = 0;
  /// Directory of dead_letters.jsonl. Empty: see dead_letter_directory.h.
  std::string dead_letter_dir{};
  /// One line for whoever watches: errors that user code reported, slow components. Called from any
  /// thread, one call at a time, limited in rate.
  std::function<void(const std::string& component, const std::string& text)> on_error{};
};

/// A running topology. start() opens and prepares all components, each in its executor's thread,
/// and then lets the spouts run. All functions may be called from any thread. The destructor stops
/// at once, without draining, if stop() was not called.
class LocalRuntime {
 public:
  /// Fails with INVALID_ARGUMENT for settings that make no sense, with FAILED_PRECONDITION, naming
  /// the component, if an open() or prepare() throws.
  static absl::StatusOr<std::unique_ptr<LocalRuntime>> start(Topology topology,
                                                             LocalOptions options);
  virtual ~LocalRuntime() = default;

  /// Waits until every spout is done and every tuple is acked, given up or (if nobody follows it)
  /// processed; true if that is so, false after `at_most`.
  virtual bool wait_until_done(std::chrono::milliseconds at_most) = 0;

  /// Ends gracefully: spouts emit nothing new, queues drain, bolts flush, cleanup() and close()
  /// run. Returns true if everything drained, false if `at_most` passed first; then what was open
  /// is left, and if user code did not even return from its last call (two seconds are added for
  /// that), its threads and memory are let go of: end the process.
  virtual bool stop(std::chrono::milliseconds at_most) = 0;

  virtual void activate() = 0;
  virtual void deactivate() = 0;

  virtual Snapshot snapshot() const = 0;
};

}  // namespace rafale::worker
