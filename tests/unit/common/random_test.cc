// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The generator replays from its seed and keeps to its ranges.

#include "common/random.h"

#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace rafale::common {
namespace {

TEST(Random, RepeatsItselfFromTheSameSeed) {
  Random a(42);
  Random b(42);
  Random other(43);
  for (int i = 0; i < 100; ++i) {
    const auto value = a.next();
    EXPECT_EQ(value, b.next());
    EXPECT_NE(value, other.next());
  }
}

// Recorded seeds must replay in later releases.
TEST(Random, KeepsItsSequence) {
  Random random(0);
  EXPECT_EQ(random.next(), 0x53175d61490b23dfu);
  EXPECT_EQ(random.next(), 0x61da6f3dc380d507u);
}

TEST(Random, BelowReachesEveryValueAndNoOther) {
  Random random(1);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) {
    const auto value = random.below(6);
    ASSERT_LT(value, 6u);
    ++seen[value];
  }
  for (const int count : seen) EXPECT_NEAR(count, 1000, 200);
  EXPECT_EQ(random.below(1), 0u);
  EXPECT_EQ(random.below(0), 0u);
}

TEST(Random, UnitIsBelowOne) {
  Random random(2);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double value = random.unit();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(Random, ChanceKnowsNeverAndAlways) {
  Random random(3);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
  }
}

TEST(Random, ServesTheStandardAlgorithms) {
  std::vector<int> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9};
  Random random(4);
  std::ranges::shuffle(numbers, random);
  std::ranges::sort(numbers);
  EXPECT_EQ(numbers.front(), 1);
}

TEST(RandomSeed, DiffersFromCallToCall) { EXPECT_NE(random_seed(), random_seed()); }

TEST(RandomHex, HasSixteenDigitsForEachSeed) {
  const std::string two = random_hex(2);
  EXPECT_EQ(two.size(), 32U);
  EXPECT_EQ(two.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(random_hex().size(), 16U);
  EXPECT_NE(random_hex(), random_hex());
}

}  // namespace
}  // namespace rafale::common
