// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A fast generator that replays from its seed, and the one source of unpredictable seeds.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <string>

namespace rafale::common {

/// 64 unpredictable bits from the operating system. Slow: once per generator.
std::uint64_t random_seed();

/// 16 hexadecimal digits for each seed: one for a name that nobody else has, two for a secret.
std::string random_hex(int seeds = 1);

/// xoshiro256++ (Blackman, Vigna, 2018; public domain), seeded through splitmix64 so that any seed,
/// 0 too, gives a good state. About a nanosecond per number, not for secrets. One thread at a time.
/// Fit for the distributions of <random>; those of the standard library differ between vendors, the
/// functions here do not.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = split_mix(seed);
  }

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return next(); }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// 0 to bound - 1, without bias (Lemire, 2019); 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) {
    auto product = static_cast<Wide>(next()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
      const std::uint64_t threshold = (0 - bound) % bound;
      while (static_cast<std::uint64_t>(product) < threshold) {
        product = static_cast<Wide>(next()) * bound;
      }
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  /// 0 <= x < 1, each of 2^53 values equally likely.
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// True with this probability; 0 and below is never, 1 and above always.
  bool chance(double probability) { return unit() < probability; }

 private:
  __extension__ using Wide = unsigned __int128;

  static std::uint64_t split_mix(std::uint64_t& seed) {
    std::uint64_t z = seed += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_[4];
};

}  // namespace rafale::common
