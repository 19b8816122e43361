// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of replaying recorded time.
#include "topologies/bike_fleet/pacer.h"

#include <gtest/gtest.h>

namespace rafale::bikes {
namespace {

constexpr std::int64_t kStart = 1'568'485'129'000;

TEST(Pacer, ReplaysRecordedTimeAtItsSpeed) {
  Pacer pacer(600);
  EXPECT_EQ(pacer.due_ms(kStart, 1000), 1000);
  EXPECT_EQ(pacer.due_ms(kStart, 1000), 1000);
  EXPECT_EQ(pacer.due_ms(kStart + 120'000, 1010), 1200);
  EXPECT_EQ(pacer.due_ms(kStart + 240'000, 1200), 1400);
}

TEST(Pacer, HoldsNothingBackThatIsOldOrWithoutAMoment) {
  Pacer pacer(1);
  pacer.due_ms(kStart, 1000);
  EXPECT_EQ(pacer.due_ms(kStart - 86'400'000, 1100), 1100);
  EXPECT_EQ(pacer.due_ms(0, 1100), 1100);
  EXPECT_EQ(pacer.due_ms(std::nullopt, 1100), 1100);
  EXPECT_EQ(pacer.due_ms(kStart + 500, 1100), 1500);
}

TEST(Pacer, IsNotLedAwayByAClockThatIsWrong) {
  Pacer pacer(600);
  pacer.due_ms(kStart, 1000);
  EXPECT_EQ(pacer.due_ms(kStart + 10 * Pacer::kLeap, 1000), 1000);
  EXPECT_EQ(pacer.due_ms(kStart + 120'000, 1000), 1200);
}

TEST(Pacer, BelievesALeapThatManyRecordsConfirm) {
  Pacer pacer(600);
  pacer.due_ms(0, 1000);  // a station that never set its clock comes first
  for (int i = 0; i < Pacer::kBelieved; ++i) {
    EXPECT_EQ(pacer.due_ms(kStart, 1000), 1000);
  }
  EXPECT_EQ(pacer.due_ms(kStart + 120'000, 1000), 1200);
}

TEST(Pacer, ShortensGapsInTheRecording) {
  Pacer pacer(1);
  pacer.due_ms(kStart, 1000);
  EXPECT_EQ(pacer.due_ms(kStart + 3'600'000, 1000), 1000 + Pacer::kLongestWait);
  EXPECT_EQ(pacer.due_ms(kStart + 3'600'500, 11'000), 11'500);
}

TEST(Pacer, DoesNotCatchUpWhatWasLost) {
  Pacer pacer(1);
  pacer.due_ms(kStart, 1000);
  EXPECT_EQ(pacer.due_ms(kStart + 1'000, 60'000), 60'000);
  EXPECT_EQ(pacer.due_ms(kStart + 2'000, 60'000), 61'000);
}

}  // namespace
}  // namespace rafale::bikes
