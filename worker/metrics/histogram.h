// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A histogram of durations with a relative error of at most one eighth.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace rafale::worker {

/// Log-linear buckets: eight for each power of two, up to 2^40 ns (18 minutes). One thread adds,
/// any thread reads.
class Histogram {
 public:
  static constexpr std::size_t kSub = 8;
  static constexpr std::size_t kBuckets = 38 * kSub;

  void add(std::int64_t ns) {
    auto& bucket = counts_[index(ns < 0 ? 0 : static_cast<std::uint64_t>(ns))];
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
  static double quantile_ns(const Counts& counts, double q);

 private:
  static std::size_t index(std::uint64_t ns) {
    if (ns < kSub) {
      return ns;
    }
    const auto power = static_cast<std::size_t>(std::bit_width(ns)) - 1;  // at least 3
    const std::size_t at = (power - 2) * kSub + ((ns >> (power - 3)) & (kSub - 1));
    return at < kBuckets ? at : kBuckets - 1;
  }

  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
};

}  // namespace rafale::worker
