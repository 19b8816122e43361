// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where to begin, as users say it.
#include "connectors/kafka/kafka_start.h"

#include <gtest/gtest.h>

namespace rafale::connectors {
namespace {

TEST(KafkaStart, IsAWordOrATime) {
  EXPECT_EQ(parse_kafka_start("earliest")->at, KafkaStart::At::earliest);
  EXPECT_EQ(parse_kafka_start("latest")->at, KafkaStart::At::latest);
  const auto number = parse_kafka_start("1711951200000");
  ASSERT_TRUE(number);
  EXPECT_EQ(number->at, KafkaStart::At::timestamp);
  EXPECT_EQ(number->timestamp_ms, 1711951200000);
  const auto date = parse_kafka_start("2024-04-01T06:00:00Z");
  ASSERT_TRUE(date);
  EXPECT_EQ(date->timestamp_ms, 1711951200000);
}

TEST(KafkaStart, NothingElse) {
  for (const char* text : {"", "first", "-5", "12x", "2024-04-01", "2024-13-01T00:00:00Z",
                           "2024-04-01T25:00:00Z", "2024-04-01T06:00:00Z "}) {
    EXPECT_FALSE(parse_kafka_start(text)) << text;
  }
}

}  // namespace
}  // namespace rafale::connectors
