// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Positions are new once.
#include "topologies/page_visits/seen_positions.h"

#include <set>

#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/seed.h"

namespace rafale::visits {
namespace {

TEST(SeenPositions, TellsNewOnesFromRepeatedOnes) {
  SeenPositions seen;
  EXPECT_TRUE(seen.add(0));
  EXPECT_TRUE(seen.add(5));
  EXPECT_TRUE(seen.add(3));
  EXPECT_FALSE(seen.add(5));
  EXPECT_FALSE(seen.add(0));
}

TEST(SeenPositions, TakesWhatFellOutOfItsWindowAsSeen) {
  SeenPositions seen;
  EXPECT_TRUE(seen.add(10));
  EXPECT_TRUE(seen.add(3 * SeenPositions::kWindow));
  EXPECT_FALSE(seen.add(11));
  EXPECT_TRUE(seen.add(2 * SeenPositions::kWindow + 1));
}

TEST(SeenPositions, AgreesWithASetAlsoWhenSavedAndLoadedInBetween) {
  common::Random random(support::seed());
  SeenPositions seen;
  std::set<std::uint64_t> model;
  std::uint64_t front = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (i % 20'000 == 0) {
      SeenPositions loaded;
      ASSERT_TRUE(loaded.load(seen.save()));
      seen = loaded;
    }
    const std::uint64_t position = front - random.below(std::min<std::uint64_t>(front + 1, 1000));
    ASSERT_EQ(seen.add(position), model.insert(position).second) << position;
    front += random.below(5);
  }
}

TEST(SeenPositions, LoadsOnlyWhatItSaved) {
  SeenPositions seen;
  EXPECT_FALSE(seen.load(""));
  EXPECT_FALSE(seen.load("abc"));
  std::string text = seen.save();
  text[20] = 'x';
  EXPECT_FALSE(seen.load(text));
}

}  // namespace
}  // namespace rafale::visits
