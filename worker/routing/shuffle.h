// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Shuffle grouping: round robin from a random start, so that the tasks' shares differ by one at
// most.
#pragma once

#include "worker/routing/grouper.h"

namespace rafale::worker {

class Shuffle final : public Grouper {
 public:
  Shuffle(std::uint32_t tasks, std::uint64_t seed)
      : tasks_(tasks), next_(static_cast<std::uint32_t>(seed % tasks)) {}

  std::uint32_t choose(const char*) override {
    const std::uint32_t chosen = next_;
    next_ = chosen + 1 == tasks_ ? 0 : chosen + 1;
    return chosen;
  }

 private:
  std::uint32_t tasks_;
  std::uint32_t next_;
};

}  // namespace rafale::worker
