// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From a letter to the topology's own code and its exceptions.
#include "worker/runtime/dead_letter_outlet.h"

#include <exception>
#include <stdexcept>

#include "worker/runtime/dead_letter_line.h"

namespace rafale::worker {

DeadLetterOutlet::DeadLetterOutlet(const Topology& topology, const common::Clock& clock)
    : topology_(topology.name),
      place_(topology.dead_letters.place),
      clock_(clock),
      sink_(topology.dead_letters.make()) {
  if (sink_ == nullptr) {
    throw std::runtime_error("dead letters: " + place_ + ": its factory made nothing");
  }
}

void DeadLetterOutlet::write(const std::string& component, TaskId task, const DeadLetter& letter) {
  const std::string line = dead_letter_line(topology_, component, task, letter, clock_.wall_ms());
  const std::lock_guard lock(mutex_);
  try {
    sink_->write(line, letter);
  } catch (const std::exception& e) {
    throw std::runtime_error("cannot write a dead letter to " + place_ + ": " + e.what());
  } catch (...) {
    throw std::runtime_error("cannot write a dead letter to " + place_ +
                             ": it threw something that is no std::exception");
  }
}

}  // namespace rafale::worker
