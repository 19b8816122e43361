// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of moments as text.
#include "topologies/bike_fleet/timestamps.h"

#include <gtest/gtest.h>

namespace rafale::bikes {
namespace {

TEST(Timestamps, ReadsMomentsInUtcAndElsewhere) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2025-02-08T16:44:06Z"), 1'739'033'046'000);
  EXPECT_EQ(parse_rfc3339("2025-02-08T17:44:06+01:00"), 1'739'033'046'000);
  EXPECT_EQ(parse_rfc3339("2025-02-08T13:14:06-0330"), 1'739'033'046'000);
  EXPECT_EQ(parse_rfc3339("2025-02-08 16:44:06.5z"), 1'739'033'046'500);
  EXPECT_EQ(parse_rfc3339("2025-02-08T16:44:06.123456Z"), 1'739'033'046'123);
  EXPECT_EQ(parse_rfc3339("2024-02-29T23:59:60Z"), 1'709'251'200'000);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), -1'000);
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59.999Z"), kMaxMoment);
}

TEST(Timestamps, RefusesEverythingElse) {
  for (const char* wrong :
       {"", "Z", "2025-02-08", "2025-02-08T16:44", "2025-02-08T16:44:06", "2025-02-30T16:44:06Z",
        "2025-13-08T16:44:06Z", "2025-02-08T24:44:06Z", "2025-02-08T16:60:06Z",
        "2025-02-08T16:44:61Z", "2025-02-08T16:44:06.Z", "2025-02-08T16:44:06Zx",
        "2025-02-08T16:44:06+1", "2025-02-08T16:44:06+24:00", "25-02-08T16:44:06Z",
        "2025-2-8T16:44:06Z", "+025-02-08T16:44:06Z", "1739033046"}) {
    EXPECT_EQ(parse_rfc3339(wrong), std::nullopt) << wrong;
  }
}

TEST(Timestamps, WritesMomentsInUtc) {
  EXPECT_EQ(utc_text(0), "1970-01-01 00:00:00");
  EXPECT_EQ(utc_text(1'739'033'046'999), "2025-02-08 16:44:06");
  EXPECT_EQ(utc_text(-1), "1969-12-31 23:59:59");
}

}  // namespace
}  // namespace rafale::bikes
