// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Chances, one after another.
#include "topologies/bike_api/mishaps.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace rafale::bikes {

std::optional<Mishap> parse_mishap(std::string_view text) {
  if (text == "429") return Mishap::status_429;
  if (text == "500") return Mishap::status_500;
  if (text == "slow") return Mishap::slow;
  if (text == "truncated") return Mishap::truncated;
  return std::nullopt;
}

Mishaps::Mishaps(std::string_view text, std::uint64_t seed) : random_(seed) {
  while (!text.empty()) {
    const std::string part(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t sign = part.find(':');
    const auto kind = parse_mishap(part.substr(0, sign));
    const double chance =
        sign == std::string::npos ? 1 : std::strtod(part.c_str() + sign + 1, nullptr);
    if (!kind || !(chance >= 0 && chance <= 1)) {
      throw std::invalid_argument("'" + part +
                                  "' is no error; 429, 500, slow and truncated are, each with a "
                                  "chance of 0 to 1: 429:0.1,slow:0.05");
    }
    chances_[*kind] = chance;
  }
}

Mishap Mishaps::next() {
  const std::lock_guard lock(mutex_);
  for (const auto& [kind, chance] : chances_) {
    if (random_.strikes(chance)) return kind;
  }
  return Mishap::none;
}

}  // namespace rafale::bikes
