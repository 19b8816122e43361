// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Log-linear buckets for durations: where a value falls, and quantiles of what fell where.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>

namespace rafale::common {

/// Eight buckets for each power of two, up to 2^40 ns (18 minutes).
struct HistogramBuckets {
  static constexpr std::size_t kSub = 8;
  static constexpr std::size_t kCount = 38 * kSub;

  static std::size_t index(std::uint64_t ns) {
    if (ns < kSub) return ns;
    const auto power = static_cast<std::size_t>(std::bit_width(ns)) - 1;  // at least 3
    const std::size_t at = (power - 2) * kSub + ((ns >> (power - 3)) & (kSub - 1));
    return at < kCount ? at : kCount - 1;
  }

  /// The duration that a share `q` of all is not above, as the middle of its bucket; 0 if empty.
  /// `counts` has kCount numbers.
  static double quantile_ns(std::span<const std::uint64_t> counts, double q) {
    const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    if (total == 0) return 0;
    const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total)));
    std::uint64_t passed = 0;
    std::size_t i = 0;
    for (; i + 1 < kCount && passed + counts[i] < std::max<std::uint64_t>(rank, 1); ++i) {
      passed += counts[i];
    }
    if (i < kSub) return static_cast<double>(i);
    const auto power = static_cast<int>(i / kSub + 2);
    const double low = std::ldexp(1.0 + static_cast<double>(i % kSub) / kSub, power);
    return low + std::ldexp(0.5 / kSub, power);
  }
};

}  // namespace rafale::common
