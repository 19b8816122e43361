// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of the simulator's records.
#include "topologies/bike_fleet/simulator.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "topologies/bike_fleet/key_scanner.h"
#include "topologies/bike_fleet/record_parser.h"

namespace rafale::bikes {
namespace {

std::vector<std::string> records(Simulator::Options options) {
  Simulator simulator(std::move(options));
  simulator.open();
  std::vector<std::string> all;
  for (SourceRecord record; simulator.next(record);) {
    all.emplace_back(record.text);
    EXPECT_EQ(record.position, static_cast<std::int64_t>(all.size()));
    EXPECT_EQ(simulator.position(), record.position);
  }
  return all;
}

Simulator::Options small(std::int64_t records) {
  Simulator::Options options;
  options.cities = {"lyon", "a \"quoted\" city"};
  options.stations = 40;
  options.records = records;
  return options;
}

TEST(Simulator, GivesTheSameRecordsForTheSameSeed) {
  auto other = small(5000);
  other.seed = 2;
  EXPECT_EQ(records(small(5000)), records(small(5000)));
  EXPECT_NE(records(small(5000)), records(other));
}

TEST(Simulator, EndsAfterTheRecordsAskedFor) {
  EXPECT_EQ(records(small(123)).size(), 123U);
  EXPECT_EQ(records(small(5000)).size(), 5000U);
}

TEST(Simulator, PollsEveryStationOfEveryCityInTurn) {
  RecordParser parser(Format::automatic, "");
  KeyScanner scanner(Format::automatic, "");
  std::map<std::pair<std::string, std::string>, int> seen;
  for (const std::string& text : records(small(70 * 10))) {
    StationRecord record;
    StationKey key;
    ASSERT_TRUE(parser.parse(text, record)) << parser.reason() << "\n" << text;
    ASSERT_TRUE(scanner.scan(text, key));
    ASSERT_EQ(key, record.key);
    ASSERT_TRUE(record.at);
    EXPECT_GE(*record.at, Simulator::kFirstDay);
    ++seen[{std::string(key.contract), std::string(key.number)}];
  }
  EXPECT_EQ(seen.size(), 70U) << "40 stations and three quarters of that";
  EXPECT_EQ((seen[{"lyon", "1001"}]), 10);
  EXPECT_EQ((seen[{"a \"quoted\" city", "1001"}]), 10) << "cities share numbers";
}

TEST(Simulator, SpreadsAPollOverItsMinute) {
  Simulator simulator(small(70 * 5));
  std::int64_t before = 0;
  std::int64_t first = 0;
  for (SourceRecord record; simulator.next(record);) {
    ASSERT_TRUE(record.moment);
    EXPECT_GE(*record.moment, before);
    before = *record.moment;
    first = first == 0 ? before : first;
  }
  EXPECT_EQ(first, Simulator::kFirstDay + 6 * 3'600'000);
  EXPECT_EQ(before - first, 5 * 60'000 - 60'000 / 70 - 1);
}

}  // namespace
}  // namespace rafale::bikes
