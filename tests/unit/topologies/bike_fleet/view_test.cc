// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of what people see: summary, lines, frames, and the bytes that draw them.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topologies/bike_fleet/fleet_summary.h"
#include "topologies/bike_fleet/fleet_view.h"
#include "topologies/bike_fleet/screen.h"

namespace rafale::bikes {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

FleetEvent turned(std::string_view contract, std::string_view number, bool empty,
                  std::int64_t empty_in_city, std::int64_t at = 1'568'485'129'000) {
  return {.contract = contract,
          .number = number,
          .delta = empty ? -1 : 2,
          .bikes = empty ? 0 : 2,
          .at = at,
          .turned = empty ? "empty" : "not_empty",
          .empty_in_city = empty_in_city};
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + '\n';
  return all;
}

TEST(FleetSummary, KnowsTheEmptyStationsAndTheLastTransitions) {
  FleetSummary fleet(2);
  fleet.add(turned("lyon", "1", true, 12));
  fleet.add(turned("mexico", "1", true, 3));
  fleet.add(turned("lyon", "2", false, 11, 1'568'485'130'000));
  EXPECT_EQ(fleet.empty_total(), 14);
  EXPECT_EQ(fleet.transitions_seen(), 3);
  ASSERT_THAT(fleet.last(), SizeIs(2));
  EXPECT_EQ(fleet.last()[0].number, "2");
  EXPECT_FALSE(fleet.last()[0].empty);
  EXPECT_EQ(fleet.last()[1].contract, "mexico");
  EXPECT_EQ(fleet.latest(), 1'568'485'130'000);
}

TEST(FleetSummary, MeasuresRatesOverAboutASecond) {
  FleetSummary fleet(1);
  TopologyStats stats;
  for (int i = 0; i <= 20; ++i) {
    stats.uptime_s = i * 0.2;
    stats.acked = static_cast<std::uint64_t>(i < 10 ? i * 100 : 1000 + (i - 10) * 300);
    fleet.add(turned("lyon", "1", i % 2 == 0, 1));
    fleet.sample(stats);
  }
  EXPECT_NEAR(fleet.records_per_s(), 1500, 1);
  EXPECT_NEAR(fleet.deltas_per_s(), 5, 0.1);
}

TEST(FleetView, WritesLinesForLogs) {
  FleetSummary fleet(1);
  fleet.add(turned("lyon", "1001", true, 12));
  EXPECT_EQ(transition_line(fleet.last()[0]),
            "2019-09-14 18:18:49  lyon 1001 is empty (12 empty in lyon)");
  fleet.add(turned("lyon", "1001", false, 11));
  EXPECT_EQ(transition_line(fleet.last()[0]),
            "2019-09-14 18:18:49  lyon 1001 is no longer empty, bikes: 2 (11 empty in lyon)");
  EXPECT_THAT(summary_line(fleet), AllOf(HasSubstr("11 stations empty (lyon 11)"),
                                         HasSubstr("acked 0, failed 0, pending 0")));
}

TEST(FleetView, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1 000");
  EXPECT_EQ(grouped(-1234567), "-1 234 567");
  EXPECT_EQ(grouped(-999), "-999");
}

TEST(FleetView, FitsItsFrameIntoEveryTerminal) {
  FleetSummary fleet(12);
  for (int i = 0; i < 30; ++i) {
    fleet.add(turned("a contract of a long name " + std::to_string(i), std::to_string(i), true,
                     1 + i * 10));
  }
  for (const std::size_t width : {1, 2, 10, 40, 80, 250}) {
    for (const std::size_t height : {1, 2, 5, 12, 24, 100}) {
      const auto lines = frame(fleet, {width, height, false, false});
      EXPECT_LE(lines.size(), std::max<std::size_t>(1, height - 1));
      for (const std::string& line : lines) EXPECT_LE(line.size(), std::max<std::size_t>(width, 2));
    }
  }
}

TEST(FleetView, ShowsWhatMattersAndTheWorstCityFirst) {
  FleetSummary fleet(12);
  fleet.add(turned("lyon", "1", true, 5));
  fleet.add(turned("nantes", "7", true, 9));
  TopologyStats stats;
  stats.acked = 123456;
  stats.failed = 7;
  stats.complete_latency_p99_ms = 1.25;
  fleet.sample(stats);
  const std::string text = joined(frame(fleet, {100, 40, false, true}));
  EXPECT_THAT(text, AllOf(HasSubstr("2019-09-14 18:18:49"), HasSubstr("Empty stations now: 14"),
                          HasSubstr("123 456"), HasSubstr("p99 1.25 ms"), HasSubstr("failed 7"),
                          HasSubstr("\u2588"), HasSubstr("nantes 7")));
  EXPECT_LT(text.find("nantes"), text.find("lyon"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(joined(frame(fleet, {100, 40, true, false})),
              AllOf(HasSubstr("\x1b[31m"), Not(HasSubstr("\u2588"))));
}

TEST(Screen, DrawsFramesOverEachOtherAndLeavesTheCursorVisible) {
  Screen screen;
  const Look look;
  const std::string first = screen.draw({"one", "two"}, look);
  const std::string second = screen.draw({"three"}, look);
  EXPECT_THAT((std::vector{first, second}),
              Each(AllOf(StartsWith("\x1b[?25l"), EndsWith("\x1b[J\x1b[?25h"))));
  EXPECT_THAT(first, AllOf(HasSubstr("one\x1b[K\ntwo\x1b[K\n"), Not(HasSubstr("A\r"))));
  EXPECT_THAT(second, HasSubstr("\x1b[2A\rthree\x1b[K\n"));
}

TEST(Screen, BeginsAtTheTopWhenTheTerminalChangesItsSize) {
  Screen screen;
  screen.draw({"one"}, {80, 24, false, false});
  EXPECT_THAT(screen.draw({"one"}, {79, 24, false, false}), HasSubstr("\x1b[H"));
}

}  // namespace
}  // namespace rafale::bikes
