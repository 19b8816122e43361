// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Windows of a city's free stands: what counts where, what is late, and what outlives a crash.
#include "topologies/bike_fleet/city_stats.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/testing.h"
#include "tests/support/scratch.h"
#include "tests/support/seed.h"
#include "topologies/bike_fleet/city_stats_bolt.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Taken = CityStats::Taken;

CityStats stats_of(std::vector<std::uint32_t> sources, std::int64_t lag_ms = 0) {
  return CityStats({.window_ms = 100, .lag_ms = lag_ms, .idle_ticks = 3, .sources = sources});
}

StandsReading reading(std::int64_t position, std::int64_t at, std::int64_t stands,
                      std::string_view number = "1") {
  return {.contract = "lyon", .number = number, .position = position, .at = at, .stands = stands};
}

TEST(CityStats, SumTheMeansOfTheStations) {
  CityStats stats = stats_of({7});
  EXPECT_EQ(stats.add(7, reading(1, 10, 4, "a")), Taken::counted);
  EXPECT_EQ(stats.add(7, reading(2, 20, 5, "a")), Taken::counted);
  EXPECT_EQ(stats.add(7, reading(3, 99, 10, "b")), Taken::counted);
  EXPECT_THAT(stats.due(), IsEmpty());
  EXPECT_EQ(stats.add(7, reading(4, 100, 1, "a")), Taken::counted);
  ASSERT_THAT(stats.due(), SizeIs(1));
  const CityWindow window = stats.due()[0];
  EXPECT_EQ(window.contract, "lyon");
  EXPECT_EQ(window.start, 0);
  EXPECT_EQ(window.end, 100);
  EXPECT_DOUBLE_EQ(window.available_stands, 14.5);
  EXPECT_EQ(window.stations, 2U);
  EXPECT_EQ(window.records, 3U);
  stats.close_due();
  EXPECT_THAT(stats.due(), IsEmpty());
  EXPECT_THAT(stats.open(), SizeIs(1));
}

TEST(CityStats, CountARepeatedRecordOnce) {
  CityStats stats = stats_of({7});
  EXPECT_EQ(stats.add(7, reading(1, 10, 4)), Taken::counted);
  EXPECT_EQ(stats.add(7, reading(1, 10, 4)), Taken::repeated);
  EXPECT_EQ(stats.open()[0].records, 1U);
}

TEST(CityStats, WaitForTheSourceThatIsBehind) {
  CityStats stats = stats_of({7, 8});
  EXPECT_EQ(stats.add(7, reading(1, 10, 1)), Taken::counted);
  EXPECT_EQ(stats.add(7, reading(2, 500, 1)), Taken::counted);
  EXPECT_THAT(stats.due(), IsEmpty()) << "source 8 has brought nothing yet";
  EXPECT_EQ(stats.add(8, reading(3, 20, 1)), Taken::counted);
  EXPECT_EQ(stats.add(8, reading(4, 150, 1)), Taken::counted);
  ASSERT_THAT(stats.due(), SizeIs(1));
  EXPECT_EQ(stats.due()[0].records, 2U);
  EXPECT_EQ(stats.add(7, reading(5, 30, 1)), Taken::late) << "due, though not yet closed";
  EXPECT_EQ(stats.due()[0].records, 2U);
}

TEST(CityStats, DoNotWaitForASilentSource) {
  CityStats stats = stats_of({7, 8});
  stats.add(7, reading(1, 10, 1));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(stats.due(), IsEmpty());
    stats.tick();
    stats.add(7, reading(2 + i, 200, 1));
  }
  EXPECT_THAT(stats.due(), SizeIs(1));
  EXPECT_EQ(stats.add(8, reading(9, 20, 1)), Taken::late);
}

TEST(CityStats, KeepTheLastWindowOpenWhenEverybodyIsSilent) {
  CityStats stats = stats_of({7, 8});
  stats.add(7, reading(1, 10, 1));
  stats.add(7, reading(2, 110, 1));
  for (int i = 0; i < 10; ++i) stats.tick();
  EXPECT_THAT(stats.due(), SizeIs(1));
  EXPECT_THAT(stats.open(), SizeIs(2));
}

TEST(CityStats, AllowForALag) {
  CityStats stats = stats_of({7}, 50);
  stats.add(7, reading(1, 10, 1));
  EXPECT_EQ(stats.add(7, reading(2, 149, 1)), Taken::counted);
  EXPECT_EQ(stats.add(7, reading(3, 20, 1)), Taken::counted);
  EXPECT_EQ(stats.add(7, reading(4, 150, 1)), Taken::counted);
  EXPECT_EQ(stats.add(7, reading(5, 20, 1)), Taken::late);
}

TEST(CityStats, GoOnWhereTheyWereSaved) {
  CityStats stats = stats_of({7});
  stats.add(7, reading(1, 10, 1));
  stats.add(7, reading(2, 110, 3, "a \"quoted\" station"));
  stats.close_due();
  CityStats again = stats_of({9});
  ASSERT_TRUE(again.load(stats.save()));
  EXPECT_EQ(again.add(9, reading(2, 110, 3)), Taken::repeated);
  EXPECT_EQ(again.add(9, reading(1, 10, 1)), Taken::repeated) << "though its window is closed";
  EXPECT_EQ(again.add(9, reading(3, 20, 3)), Taken::late) << "closed before";
  EXPECT_EQ(again.add(9, reading(3, 20, 3)), Taken::repeated);
  EXPECT_EQ(again.add(9, reading(4, 120, 5, "a \"quoted\" station")), Taken::counted);
  ASSERT_THAT(again.open(), SizeIs(1));
  EXPECT_DOUBLE_EQ(again.open()[0].available_stands, 4);
}

TEST(CityStats, CanForgetPositionsThatBeginAnew) {
  CityStats stats = stats_of({7});
  stats.add(7, reading(1, 10, 1));
  stats.forget_positions();
  EXPECT_EQ(stats.add(7, reading(1, 20, 1)), Taken::counted);
  EXPECT_EQ(stats.open()[0].records, 2U);
}

TEST(TakenPositions, AgreeWithASet) {
  std::mt19937_64 random(support::seed());
  for (int round = 0; round < 300; ++round) {
    TakenPositions taken;
    std::set<std::int64_t> model;
    for (int i = 0; i < 200; ++i) {
      const SourcePosition at{.file = static_cast<std::uint32_t>(random() % 3),
                              .line = static_cast<std::int64_t>(1 + random() % 100)};
      ASSERT_EQ(taken.add(at.pack()), model.insert(at.pack()).second);
      if (random() % 50 == 0) {
        TakenPositions again;
        again.add_all(taken.intervals());
        taken = std::move(again);
      }
    }
    std::set<std::int64_t> found;
    for (const auto& [first, last] : taken.intervals()) {
      for (std::int64_t at = first; at <= last; ++at) found.insert(at);
    }
    ASSERT_EQ(found, model);
  }
}

TEST(TakenPositions, KnowTheLatestWhenThereAreTooMany) {
  TakenPositions taken;
  const auto many = static_cast<std::int64_t>(TakenPositions::kMostIntervals);
  for (std::int64_t i = 0; i <= many; ++i) ASSERT_TRUE(taken.add(2 * i));
  EXPECT_EQ(taken.intervals().size(), TakenPositions::kMostIntervals);
  EXPECT_FALSE(taken.add(2 * many));
  EXPECT_FALSE(taken.add(2));
}

TEST(CityStats, RefuseWhatTheyDidNotSave) {
  CityStats other({.window_ms = 200, .lag_ms = 0, .idle_ticks = 3, .sources = {7}});
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[1"), other.save()}) {
    CityStats stats = stats_of({7});
    EXPECT_FALSE(stats.load(text)) << text;
  }
}

// Against a model that keeps every record: whatever the order, each is in its own window, late, or
// a repetition, and each window is told once with what it had.
TEST(CityStats, AgreeWithAModelThatKeepsEverything) {
  std::mt19937_64 random(support::seed());
  for (int round = 0; round < 200; ++round) {
    CityStats stats = stats_of({7, 8});
    std::map<std::int64_t, std::map<std::string, std::vector<std::int64_t>>> windows;
    std::vector<CityWindow> told;
    std::size_t late = 0;
    std::int64_t base = 0;
    const std::size_t records = 300;
    for (std::size_t i = 0; i < records; ++i) {
      base += static_cast<std::int64_t>(random() % 12);
      const std::int64_t at =
          std::max<std::int64_t>(0, base - static_cast<std::int64_t>(random() % 150));
      const std::string number(1, static_cast<char>('a' + random() % 4));
      const auto stands = static_cast<std::int64_t>(random() % 30);
      const auto source = static_cast<std::uint32_t>(7 + random() % 2);
      switch (stats.add(source, reading(static_cast<std::int64_t>(i), at, stands, number))) {
        case Taken::counted:
          windows[at / 100 * 100][number].push_back(stands);
          break;
        case Taken::late:
          ++late;
          break;
        case Taken::repeated:
          FAIL() << "no record came twice";
      }
      if (random() % 20 == 0) stats.tick();
      if (random() % 10 == 0) {
        for (CityWindow& window : stats.due()) told.push_back(std::move(window));
        stats.close_due();
      }
      if (random() % 50 == 0) {
        CityStats again = stats_of({7, 8});
        ASSERT_TRUE(again.load(stats.save()));
        stats = std::move(again);
      }
    }
    for (CityWindow& window : stats.open()) told.push_back(std::move(window));
    ASSERT_EQ(told.size(), windows.size());
    std::uint64_t on_time = 0;
    for (const CityWindow& window : told) {
      const auto& wanted = windows.at(window.start);
      double sum = 0;
      for (const auto& [number, stands] : wanted) {
        double of_station = 0;
        for (const std::int64_t s : stands) of_station += static_cast<double>(s);
        sum += of_station / static_cast<double>(stands.size());
      }
      ASSERT_NEAR(window.available_stands, sum, 1e-9);
      ASSERT_EQ(window.stations, wanted.size());
      on_time += window.records;
    }
    ASSERT_EQ(on_time + late, records);
  }
}

class StatsBolt : public ::testing::Test {
 protected:
  StatsBolt() : harness_(std::vector<StreamDef>{}, {{kParse, kStands, stands_schema()}}) {
    harness_.component_tasks[kParse] = {1};
    start();
  }
  void start() {
    bolt_ = std::make_unique<CityStatsBolt>(
        CityStatsBolt::Options{.directory = dir_ / "stats", .window_ms = 100});
    bolt_->prepare(harness_, harness_.bolt_collector());
  }
  void feed(std::int64_t position, std::int64_t at, std::int64_t stands) {
    harness_.execute_on(*bolt_, kParse, kStands, "lyon", "1", position, at, stands);
  }
  std::string text(const std::string& name) {
    std::ifstream in(dir_ / ("stats/" + name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  support::Scratch dir_;
  rafale::testing::Harness harness_;
  std::unique_ptr<CityStatsBolt> bolt_;
};

TEST_F(StatsBolt, AcksWhatIsSavedAndNotBefore) {
  feed(1, 10, 4);
  EXPECT_EQ(harness_.acked, 0U);
  harness_.tick(*bolt_);
  EXPECT_EQ(harness_.acked, 1U);
  EXPECT_THAT(harness_.errors, IsEmpty());
  EXPECT_EQ(text("city_stats-0.jsonl"), "") << "the window is open";
}

TEST_F(StatsBolt, AddsUpAfterACrash) {
  feed(1, 10, 4);
  harness_.tick(*bolt_);
  feed(2, 20, 5);  // neither saved nor acked
  start();
  feed(1, 10, 4);
  feed(2, 20, 5);
  feed(3, 100, 7);
  harness_.tick(*bolt_);
  EXPECT_EQ(text("city_stats-0.jsonl"),
            R"({"contract":"lyon","window_start":0,"window_end":100,"available_stands":4.5,)"
            R"("stations":1,"records":2})"
            "\n");
  EXPECT_EQ(text("city_stats-lyon.csv"),
            "window_start,window_end,available_stands,stations,records\n0,100,4.5,1,2\n");
  EXPECT_EQ(harness_.counters["repeated"], 1);
}

TEST_F(StatsBolt, WritesLateRecordsToAFileOfTheirOwn) {
  feed(1, 100, 4);
  feed(2, 99, 5);
  harness_.tick(*bolt_);
  EXPECT_EQ(text("city_stats_late-0.jsonl"),
            R"({"contract":"lyon","number":"1","position":2,"at":99,"available_stands":5})"
            "\n");
  EXPECT_EQ(harness_.counters["late"], 1);
}

TEST_F(StatsBolt, WritesOpenWindowsAtTheEndAndGoesOnWithThem) {
  feed(1, 10, 4);
  bolt_->cleanup();
  EXPECT_THAT(text("city_stats-0.jsonl"), HasSubstr(R"("records":1)"));
  start();
  feed(2, 20, 6);
  bolt_->cleanup();
  EXPECT_THAT(text("city_stats-0.jsonl"),
              HasSubstr(R"("available_stands":5,"stations":1,"records":2)"));
}

TEST_F(StatsBolt, KeepsTuplesOpenWhileItCannotSave) {
  feed(1, 10, 4);
  std::filesystem::create_directories(dir_ / "stats/city_stats-0.state.new/in the way");
  harness_.tick(*bolt_);
  EXPECT_EQ(harness_.acked, 0U);
  EXPECT_THAT(harness_.errors, SizeIs(1));
  std::filesystem::remove_all(dir_ / "stats/city_stats-0.state.new");
  harness_.tick(*bolt_);
  EXPECT_EQ(harness_.acked, 1U);
}

// Both tasks of parse are silent at last, so that a tick alone makes the window due.
TEST_F(StatsBolt, TriesAgainWithTheNextTickAlsoWhenNothingComesIn) {
  harness_.component_tasks[kParse] = {1, 2};
  start();
  feed(1, 10, 4);
  feed(2, 110, 4);
  harness_.tick(*bolt_);
  ASSERT_EQ(harness_.acked, 2U);
  const std::string in_the_way = dir_ / "stats/city_stats-0.state.new/in the way";
  std::filesystem::create_directories(in_the_way);
  for (int i = 0; i < 100 && harness_.errors.empty(); ++i) harness_.tick(*bolt_);
  ASSERT_THAT(harness_.errors, SizeIs(1));
  harness_.tick(*bolt_);
  EXPECT_THAT(harness_.errors, SizeIs(2)) << "it did not try again";
  std::filesystem::remove_all(dir_ / "stats/city_stats-0.state.new");
  harness_.tick(*bolt_);
  EXPECT_THAT(harness_.errors, SizeIs(2));
  EXPECT_THAT(text("city_stats-0.state"), Not(HasSubstr(R"("start":0,)"))) << "it is written";
}

TEST_F(StatsBolt, RefusesTheStateOfOtherTasksAndDamagedOnes) {
  feed(1, 10, 4);
  bolt_->cleanup();
  harness_.count = 2;
  try {
    start();
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("bikes.parallelism"));
  }
  harness_.count = 1;
  std::ofstream(dir_ / "stats/city_stats-0.state") << "tasks 1\n{";
  EXPECT_THROW(start(), std::runtime_error);
}

}  // namespace
}  // namespace rafale::bikes
