// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How far a histogram's quantiles are from the truth.
#include "worker/metrics/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/seed.h"

namespace rafale::worker {
namespace {

double quantile(const Histogram& histogram, double q) {
  Histogram::Counts counts{};
  histogram.add_to(counts);
  return Histogram::quantile_ns(counts, q);
}

double quantile_of_one(std::int64_t ns) {
  const auto histogram = std::make_unique<Histogram>();
  histogram->add(ns);
  return quantile(*histogram, 0.5);
}

TEST(Histogram, IsZeroWhenEmpty) { EXPECT_EQ(quantile(Histogram(), 0.5), 0.0); }

TEST(Histogram, IsWithinAnEighthOfAnyDuration) {
  for (std::int64_t ns = 1; ns < (std::int64_t{1} << 40) - 1; ns += 1 + ns / 57) {
    EXPECT_NEAR(quantile_of_one(ns), static_cast<double>(ns), static_cast<double>(ns) / 8)
        << ns << " ns";
  }
}

TEST(Histogram, IsWithinAnEighthAroundThePowersOfTwo) {
  for (int power = 0; power < 40; ++power) {
    for (const std::int64_t off : {-1, 0, 1}) {
      const std::int64_t ns = (std::int64_t{1} << power) + off;
      EXPECT_NEAR(quantile_of_one(ns), static_cast<double>(ns), static_cast<double>(ns) / 8)
          << ns << " ns";
    }
  }
}

TEST(Histogram, PutsWhatIsTooLongOrNegativeAtTheEnds) {
  EXPECT_GT(quantile_of_one(std::int64_t{1} << 50), std::ldexp(1.0, 39));
  EXPECT_EQ(quantile_of_one(-5), 0.0);
}

TEST(Histogram, GivesTheQuantilesOfItsSamples) {
  common::Random random(support::seed());
  Histogram histogram;
  std::vector<double> samples;
  for (int i = 0; i < 20'000; ++i) {
    const double ns = std::exp(random.unit() * 20);
    samples.push_back(std::floor(ns));
    histogram.add(static_cast<std::int64_t>(ns));
  }
  std::ranges::sort(samples);
  for (const double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * 20'000)) - 1;
    EXPECT_NEAR(quantile(histogram, q), samples[rank], samples[rank] / 8) << "quantile " << q;
  }
}

TEST(Histogram, AddsUpOverTasks) {
  Histogram fast;
  Histogram slow;
  for (int i = 0; i < 99; ++i) {
    fast.add(1000);
  }
  slow.add(1'000'000);
  Histogram::Counts counts{};
  fast.add_to(counts);
  slow.add_to(counts);
  EXPECT_NEAR(Histogram::quantile_ns(counts, 0.5), 1000, 125);
  EXPECT_NEAR(Histogram::quantile_ns(counts, 0.99), 1000, 125);
  EXPECT_NEAR(Histogram::quantile_ns(counts, 1.0), 1e6, 1e6 / 8);
}

TEST(Histogram, MayBeReadWhileItIsWritten) {
  Histogram histogram;
  std::thread writer([&] {
    for (int i = 0; i < 10'000; ++i) {
      histogram.add(1000);
    }
  });
  double last = 0;
  for (int i = 0; i < 100; ++i) {
    last = std::max(last, quantile(histogram, 0.5));
  }
  writer.join();
  EXPECT_LE(last, 1125);
  EXPECT_NEAR(quantile(histogram, 0.5), 1000, 125);
}

}  // namespace
}  // namespace rafale::worker
