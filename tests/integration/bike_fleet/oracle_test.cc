// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Two recorded cities in one run: every count of every station equals that of the oracles.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/bike_fleet/outcome.h"
#include "tests/integration/bike_fleet/recording.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"
#include "tests/support/shared_data.h"
#include "topologies/bike_fleet/source_position.h"

namespace rafale::bikes {
namespace {

using support::Scratch;
using ::testing::IsEmpty;

class TwoCities : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(support::shared_data(std::string(kLyon) + ".csv.zst"))) return;
    files_ = std::make_unique<Scratch>();
    lyon_ = read_oracle(kLyon);
    mexico_ = read_oracle(kMexico);
    ASSERT_EQ(expand(kLyon, lyon_file()), lyon_.records);
    ASSERT_EQ(expand(kMexico, mexico_file()), mexico_.records);
  }
  static void TearDownTestSuite() { files_.reset(); }
  void SetUp() override {
    RAFALE_NEEDS_SHARED_DATA(std::string(kLyon) + ".csv.zst");
    RAFALE_NEEDS_SHARED_DATA(std::string(kMexico) + ".csv.zst");
  }

  static std::string lyon_file() { return *files_ / "lyon.jsonl"; }
  static std::string mexico_file() { return *files_ / "mexico.jsonl"; }
  static std::int64_t records() { return lyon_.records + mexico_.records; }
  FleetRun run(std::vector<std::string> settings) {
    settings.push_back("bikes.file=" + lyon_file() + "," + mexico_file());
    settings.push_back("bikes.output=" + (out_ / "events"));
    FleetRun result = run_fleet(settings);
    EXPECT_EQ(result.ended.exit_code, 0) << result.ended.err;
    return result;
  }
  Outcome outcome(bool complete = true) { return read_outcome(out_ / "events", complete); }

  /// Compares [deltas, became empty, no longer empty, last bikes] from the given column on.
  static void expect_equal(const Outcome& found, std::size_t from_column) {
    std::size_t stations = 0;
    for (const Oracle& oracle : {lyon_, mexico_}) {
      stations += oracle.per_station.size();
      for (const auto& [station, wanted] : oracle.per_station) {
        const auto at = found.per_station.find(station);
        const std::array<std::int64_t, 4> none{};
        const auto& counts = at == found.per_station.end() ? none : at->second;
        for (std::size_t i = from_column; i < 4; ++i) {
          ASSERT_EQ(counts[i], wanted[i]) << station << ", column " << i;
        }
      }
    }
    EXPECT_LE(found.per_station.size(), stations) << "a station that the oracles do not know";
  }
  void expect_oracles(const std::string& parallelism, bool one_order) {
    const FleetRun result = run({"bikes.parallelism=" + parallelism});
    EXPECT_EQ(result.count("emitted"), records());
    EXPECT_EQ(result.count("acked"), records());
    EXPECT_EQ(result.count("failed"), 0);
    EXPECT_EQ(result.count("dead_lettered"), 0);
    EXPECT_EQ(stale_in(result), 0);
    const Outcome found = outcome();
    expect_equal(found, 0);
    EXPECT_THAT(found.contradictions, IsEmpty());
    EXPECT_EQ(found.empty_at_end.at("lyon"), lyon_.empty_at_end);
    EXPECT_EQ(found.empty_at_end.at("mexico"), mexico_.empty_at_end);
    if (one_order) {
      EXPECT_EQ(found.peak_empty.at("lyon"), lyon_.peak_empty);
      EXPECT_EQ(found.peak_empty.at("mexico"), mexico_.peak_empty);
    }
  }

  static std::unique_ptr<Scratch> files_;
  static Oracle lyon_, mexico_;
  Scratch out_;
};

std::unique_ptr<Scratch> TwoCities::files_;
Oracle TwoCities::lyon_, TwoCities::mexico_;

TEST_F(TwoCities, GiveTheCountsOfTheOracles) { expect_oracles("1", true); }

// The stations of a city then reach it from several tasks, in an order that no one record tells; so
// the greatest number of empty stations may be another.
TEST_F(TwoCities, GiveTheCountsOfTheOraclesWithFourOfEachBolt) { expect_oracles("4", false); }

TEST_F(TwoCities, GiveStrictChangesOnlyIfFirstRecordsAreNone) {
  run({"bikes.emit_initial=false"});
  const Outcome found = outcome(false);
  EXPECT_EQ(found.deltas, lyon_.deltas_strict + mexico_.deltas_strict);
  EXPECT_EQ(found.became_empty, lyon_.became_empty_strict + mexico_.became_empty_strict);
  EXPECT_EQ(found.no_longer_empty, lyon_.no_longer_empty_strict + mexico_.no_longer_empty_strict);
  EXPECT_EQ(found.peak_empty.at("mexico"), mexico_.peak_empty);
}

TEST_F(TwoCities, LoseNothingWhenRecordsFailAtRandom) {
  for (const char* parallelism : {"1", "4"}) {
    const Scratch dir;
    const FleetRun result = run_fleet(
        {"bikes.file=" + lyon_file() + "," + mexico_file(), "bikes.output=" + (dir / "events"),
         "bikes.trace=true", "bikes.fail=0.01", std::string("bikes.parallelism=") + parallelism});
    EXPECT_EQ(result.ended.exit_code, 0) << result.ended.err;
    EXPECT_EQ(result.count("emitted"), records());
    EXPECT_EQ(result.count("emitted"), result.count("acked") + result.count("dead_lettered"));
    EXPECT_GT(result.count("replayed"), records() / 200);
    EXPECT_EQ(result.count("replayed"), result.count("failed"));

    const Trace trace = read_trace(dir / "events");
    std::set<std::int64_t> wanted;
    for (std::int64_t line = 1; line <= lyon_.records; ++line) wanted.insert(wanted.end(), line);
    for (std::int64_t line = 1; line <= mexico_.records; ++line) {
      wanted.insert(wanted.end(), SourcePosition{1, line}.pack());
    }
    EXPECT_TRUE(trace.positions == wanted) << trace.positions.size() << " positions arrived";
    EXPECT_EQ(trace.disorders, 0);
    EXPECT_EQ(trace.stale, stale_in(result));

    const Outcome found = read_outcome(dir / "events", true);
    expect_equal(found, 3);
    EXPECT_THAT(found.contradictions, IsEmpty());
    std::int64_t bikes = 0;
    for (const auto& [station, counts] : found.per_station) bikes += counts[3];
    EXPECT_EQ(found.sum_of_deltas, bikes);
  }
}

void expect_windows(const std::map<std::string, std::array<double, 3>>& found,
                    const nlohmann::json& wanted) {
  ASSERT_GT(wanted.size(), 300U);
  for (const auto& [key, counts] : wanted.items()) {
    ASSERT_TRUE(found.contains(key)) << key;
    ASSERT_NEAR(found.at(key)[0], counts.at(0).get<double>(), 1e-6) << key;
    ASSERT_EQ(found.at(key)[1], counts.at(1).get<double>()) << key;
    ASSERT_EQ(found.at(key)[2], counts.at(2).get<double>()) << key;
  }
}

// Lyon's records come in the order of their time, whichever way they take.
TEST_F(TwoCities, GiveTheStatisticsOfLyonsOracle) {
  std::ifstream in(support::shared_data(std::string(kLyon) + ".oracle.json"));
  const auto wanted = nlohmann::json::parse(in).at("window_stats");
  for (const char* parallelism : {"1", "4"}) {
    const Scratch dir;
    const FleetRun result = run_fleet(
        {"bikes.file=" + lyon_file(), "bikes.output=" + (dir / "events"),
         "bikes.stats=" + (dir / "stats"), std::string("bikes.parallelism=") + parallelism});
    EXPECT_EQ(result.ended.exit_code, 0) << result.ended.err;
    EXPECT_EQ(result.count("acked"), lyon_.records);
    const Statistics found = read_statistics(dir / "stats");
    EXPECT_EQ(found.late, 0);
    EXPECT_EQ(found.twice, 0);
    EXPECT_EQ(found.windows.size(), wanted.size());
    expect_windows(found.windows, wanted);
  }
}

// Mexico's stations tell of moments that are up to decades behind: what is late is in no window.
TEST_F(TwoCities, TellMexicosLateRecordsApart) {
  const FleetRun result =
      run_fleet({"bikes.file=" + mexico_file(), "bikes.output=" + (out_ / "events"),
                 "bikes.stats=" + (out_ / "stats")});
  EXPECT_EQ(result.ended.exit_code, 0) << result.ended.err;
  const Statistics found = read_statistics(out_ / "stats");
  EXPECT_EQ(found.twice, 0);

  const char* source = std::getenv("RAFALE_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  const std::string program =
      std::string(source) + "/tests/integration/bike_fleet/recount_windows.py";
  const support::Ended ended =
      support::run({"/usr/bin/env", "python3", program, mexico_file(), "300000"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto recount = nlohmann::json::parse(ended.out);
  EXPECT_EQ(found.late, recount.at("late").get<std::int64_t>());
  EXPECT_GT(found.late, 0);
  EXPECT_EQ(found.windows.size(), recount.at("windows").size());
  expect_windows(found.windows, recount.at("windows"));
  EXPECT_EQ(found.on_time() + found.late, mexico_.records);
}

}  // namespace
}  // namespace rafale::bikes
