// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Errors on their way to Nimbus.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "coord/types.h"

namespace rafale::supervisor {

/// Keeps errors, by topology, until a heartbeat with them was answered. What comes between a
/// heartbeat and its answer goes with the next one. One thread at a time.
class ErrorOutbox {
 public:
  static constexpr std::size_t kMost = 50;  ///< of one topology; later ones are dropped

  void add(const std::string& topology, coord::ErrorEntry error) {
    std::vector<coord::ErrorEntry>& errors = waiting_[topology];
    if (errors.size() < kMost) errors.push_back(std::move(error));
  }

  /// All that wait, for a heartbeat.
  const std::map<std::string, std::vector<coord::ErrorEntry>>& send() {
    sent_.clear();
    for (const auto& [topology, errors] : waiting_) sent_[topology] = errors.size();
    return waiting_;
  }

  /// The last heartbeat was answered.
  void delivered() {
    for (const auto& [topology, count] : sent_) {
      std::vector<coord::ErrorEntry>& errors = waiting_[topology];
      errors.erase(errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(count));
      if (errors.empty()) waiting_.erase(topology);
    }
    sent_.clear();
  }

 private:
  std::map<std::string, std::vector<coord::ErrorEntry>> waiting_;
  std::map<std::string, std::size_t> sent_;
};

}  // namespace rafale::supervisor
