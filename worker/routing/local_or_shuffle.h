// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Local-or-shuffle grouping: round robin among the tasks in this process if there are any.
#pragma once

#include <utility>
#include <vector>

#include "worker/routing/grouper.h"
#include "worker/routing/shuffle.h"

namespace rafale::worker {

class LocalOrShuffle final : public Grouper {
 public:
  LocalOrShuffle(std::vector<std::uint32_t> local, std::uint32_t tasks, std::uint64_t seed)
      : local_(std::move(local)),
        shuffle_(local_.empty() ? tasks : static_cast<std::uint32_t>(local_.size()), seed) {}

  std::uint32_t choose(const char* row) override {
    const std::uint32_t i = shuffle_.choose(row);
    return local_.empty() ? i : local_[i];
  }

 private:
  std::vector<std::uint32_t> local_;
  Shuffle shuffle_;
};

}  // namespace rafale::worker
