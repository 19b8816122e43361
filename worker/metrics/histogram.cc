// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Quantiles of a histogram.
#include "worker/metrics/histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rafale::worker {

double Histogram::quantile_ns(const Counts& counts, double q) {
  const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (total == 0) {
    return 0;
  }
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total)));
  std::uint64_t passed = 0;
  std::size_t i = 0;
  for (; i + 1 < kBuckets && passed + counts[i] < std::max<std::uint64_t>(rank, 1); ++i) {
    passed += counts[i];
  }
  if (i < kSub) {
    return static_cast<double>(i);
  }
  const std::size_t power = i / kSub + 2;
  const double low =
      std::ldexp(1.0 + static_cast<double>(i % kSub) / kSub, static_cast<int>(power));
  return low + std::ldexp(0.5 / kSub, static_cast<int>(power));
}

}  // namespace rafale::worker
