// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Times as people write them.

#include "cli/duration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::cli {
namespace {

std::int64_t ms(const std::string& text) {
  const auto time = parse_duration("--for", text);
  EXPECT_TRUE(time.ok()) << time.status();
  return time.ok() ? time->count() : -1;
}

TEST(Duration, TakesUnitsAndTheirSums) {
  EXPECT_EQ(ms("20s"), 20'000);
  EXPECT_EQ(ms("500ms"), 500);
  EXPECT_EQ(ms("2m"), 120'000);
  EXPECT_EQ(ms("1h"), 3'600'000);
  EXPECT_EQ(ms("1m30s"), 90'000);
  EXPECT_EQ(ms("0.5s"), 500);
  EXPECT_EQ(ms("0s"), 0);
}

TEST(Duration, TakesABareNumberForSeconds) {
  EXPECT_EQ(ms("20"), 20'000);
  EXPECT_EQ(ms("0.25"), 250);
}

TEST(Duration, RoundsUpToMilliseconds) { EXPECT_EQ(ms("1us"), 1); }

TEST(Duration, RefusesAllElseWithExamples) {
  for (const char* text : {"", "soon", "20 s", "20S", "-5s", "5x", "inf", "1..5", "s", "."}) {
    const auto time = parse_duration("--for", text);
    ASSERT_FALSE(time.ok()) << text;
    EXPECT_THAT(std::string(time.status().message()),
                testing::StartsWith("--for takes a time such as 20s, 500ms, 2m or 1h30m, not '"));
  }
}

}  // namespace
}  // namespace rafale::cli
