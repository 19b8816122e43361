// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Chance that can be repeated: the same seed gives the same numbers on every machine.
#pragma once

#include <cstdint>

namespace rafale::bikes {

/// SplitMix64 (Steele, Lea and Flood, 2014). Not for secrets. A plain value.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// 0 <= x < 1, of 53 random bits.
  double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// 0 <= x < n; n is above 0 and far below 2^53.
  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>(fraction() * static_cast<double>(n));
  }
  /// True with this probability.
  bool strikes(double probability) { return fraction() < probability; }

 private:
  std::uint64_t state_;
};

}  // namespace rafale::bikes
