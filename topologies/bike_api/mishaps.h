// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Errors on demand, as real servers have them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "topologies/bike_fleet/random.h"

namespace rafale::bikes {

enum class Mishap : std::uint8_t { none, status_429, status_500, slow, truncated };

/// "429", "500", "slow", "truncated"; nothing for any other text.
std::optional<Mishap> parse_mishap(std::string_view text);

/// Chooses by chance what befalls a request. Thread-safe.
class Mishaps {
 public:
  /// Reads "429:0.1,slow:0.05". Throws std::invalid_argument, saying what will do.
  Mishaps(std::string_view text, std::uint64_t seed);
  Mishap next();

 private:
  std::mutex mutex_;
  std::map<Mishap, double> chances_;
  Random random_;
};

}  // namespace rafale::bikes
