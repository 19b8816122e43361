// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Fields grouping: equal values of some fields, same task.
#pragma once

#include <string>
#include <vector>

#include "rafale/hash.h"
#include "worker/routing/grouper.h"

namespace rafale::worker {

/// Uses the hash of sdk/include/rafale/hash.h, which is the same in every process.
class Fields final : public Grouper {
 public:
  Fields(const Schema& schema, const std::vector<std::string>& names, std::uint32_t tasks)
      : tasks_(tasks) {
    for (const std::string& name : names) {
      positions_.push_back(static_cast<std::uint32_t>(schema.find(name).value()));
    }
  }

  std::uint32_t choose(const char* row) override {
    std::uint64_t hash = kHashSeed;
    for (const std::uint32_t position : positions_) {
      hash = hash_field(hash, row, position);
    }
    return fastrange(hash, tasks_);
  }

 private:
  std::vector<std::uint32_t> positions_;
  std::uint32_t tasks_;
};

}  // namespace rafale::worker
