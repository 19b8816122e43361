// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The simulated clock moves only when told, the system's never goes back.

#include "common/clock.h"

#include <gtest/gtest.h>

namespace rafale::common {
namespace {

using std::chrono::milliseconds;

TEST(SimulatedClock, StandsStillUntilAdvanced) {
  SimulatedClock clock;
  const auto start = clock.now();
  EXPECT_EQ(clock.now(), start);
  clock.advance(milliseconds(1500));
  EXPECT_EQ(clock.now() - start, milliseconds(1500));
  EXPECT_EQ(clock.now_ms(), 2500);
}

TEST(SimulatedClock, MovesTheDateWithTheTime) {
  SimulatedClock clock;
  const auto start = clock.wall_now();
  clock.advance(milliseconds(20));
  EXPECT_EQ(clock.wall_now() - start, milliseconds(20));
  EXPECT_EQ(clock.wall_ms(), 1020);  // it began one second after 1970
}

TEST(SimulatedClock, NeverGoesBack) {
  SimulatedClock clock;
  const auto start = clock.now();
  clock.advance(milliseconds(-1));
  EXPECT_EQ(clock.now(), start);
}

TEST(SystemClock, NeverGoesBack) {
  const SystemClock clock;
  const auto first = clock.now();
  EXPECT_GE(clock.now(), first);
  EXPECT_GT(clock.wall_now().time_since_epoch().count(), 0);
}

}  // namespace
}  // namespace rafale::common
