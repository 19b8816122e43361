// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The dead letters of a topology that says itself where they go.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "common/clock.h"
#include "rafale/dead_letter_sink.h"
#include "rafale/topology.h"
#include "worker/executor/core.h"

namespace rafale::worker {

/// Hands letters to the topology's DeadLetterSink, one at a time. write() throws
/// std::runtime_error, naming the place, whatever the sink throws.
class DeadLetterOutlet final : public DeadLetters {
 public:
  /// Throws what the sink's factory throws, and std::runtime_error if it makes none.
  DeadLetterOutlet(const Topology& topology, const common::Clock& clock);

  void write(const std::string& component, TaskId task, const DeadLetter& letter) override;

 private:
  const std::string topology_;
  const std::string place_;
  const common::Clock& clock_;
  std::mutex mutex_;
  std::unique_ptr<DeadLetterSink> sink_;  // guarded by mutex_
};

}  // namespace rafale::worker
