// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A histogram of durations with a relative error of at most one eighth.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "common/histogram_buckets.h"

namespace rafale::worker {

/// Counts of durations, in common::HistogramBuckets. One thread adds, any thread reads.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = common::HistogramBuckets::kCount;

  void add(std::int64_t ns) {
    auto& bucket =
        counts_[common::HistogramBuckets::index(ns < 0 ? 0 : static_cast<std::uint64_t>(ns))];
    bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// Plain counts, to be added up over tasks.
  using Counts = std::array<std::uint64_t, kBuckets>;
  void add_to(Counts& sum) const {
    for (std::size_t i = 0; i < kBuckets; ++i) {
      sum[i] += counts_[i].load(std::memory_order_relaxed);
    }
  }
  /// The duration that a share `q` of all is not above, as the middle of its bucket; 0 if empty.
  static double quantile_ns(const Counts& counts, double q) {
    return common::HistogramBuckets::quantile_ns(counts, q);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
};

}  // namespace rafale::worker
