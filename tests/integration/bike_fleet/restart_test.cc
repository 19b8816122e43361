// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The fleet killed in the middle, more than once: with state on the disk it goes on, tells no
// station as new again and loses no event.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/bike_fleet/outcome.h"
#include "tests/integration/bike_fleet/recording.h"
#include "tests/support/scratch.h"
#include "tests/support/shared_data.h"

namespace rafale::bikes {
namespace {

using nlohmann::json;
using support::lines_of;
using support::read_file;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Of 20 MB of events.
constexpr std::uintmax_t kBytesBeforeEachDeath = 4'000'000;
constexpr int kDeaths = 3;

/// The line without the size of the city's set, which depends on what is told again.
std::string without_count(json event) {
  event.erase("empty_in_city");
  return event.dump();
}

class Restart : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    RAFALE_NEEDS_SHARED_DATA(std::string(kLyon) + ".csv.zst");
    oracle_ = read_oracle(kLyon);
    ASSERT_EQ(expand(kLyon, dir_ / "lyon.jsonl"), oracle_.records);
  }
  std::vector<std::string> settings() const {
    return {"bikes.file=" + (dir_ / "lyon.jsonl"),
            "bikes.output=" + (dir_ / "out"),
            "sink.append=true",
            "topology.state.dir=" + (dir_ / "state"),
            "source.position=" + (dir_ / "position"),
            std::string("bikes.parallelism=") + GetParam()};
  }
  std::vector<std::string> call() const {
    const char* programs = std::getenv("RAFALE_BIN_DIR");
    std::vector<std::string> arguments{
        "rafale", "local", std::string(programs == nullptr ? "." : programs) + "/bike_fleet.so"};
    for (const std::string& setting : settings()) {
      arguments.emplace_back("-c");
      arguments.push_back(setting);
    }
    return arguments;
  }
  std::vector<std::string> event_files(const std::string& directory) const {
    std::vector<std::string> files;
    if (!std::filesystem::exists(dir_ / directory)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(dir_ / directory)) {
      if (entry.path().filename().string().starts_with("events")) files.push_back(entry.path());
    }
    return files;
  }
  std::uintmax_t bytes_written() const {
    std::uintmax_t bytes = 0;
    for (const std::string& file : event_files("out")) bytes += std::filesystem::file_size(file);
    return bytes;
  }
  std::vector<json> events(const std::string& directory) const {
    std::vector<json> all;
    for (const std::string& file : event_files(directory)) {
      for (const std::string& line : lines_of(read_file(file))) {
        json event = json::parse(line, nullptr, false);
        if (event.is_object()) all.push_back(std::move(event));  // a last line may be torn
      }
    }
    return all;
  }
  std::set<std::string> distinct(const std::string& directory) const {
    std::set<std::string> all;
    for (json& event : events(directory)) all.insert(without_count(std::move(event)));
    return all;
  }
  std::multiset<std::string> initial_stations() const {
    std::multiset<std::string> stations;
    for (const json& event : events("out")) {
      if (event.value("initial", false)) {
        stations.insert(event.at("number").get<std::string>() + event.at("event").dump());
      }
    }
    return stations;
  }
  void live_and_die() const {
    const std::uintmax_t before = bytes_written();
    support::Process process(call());
    for (int i = 0; i < 6000 && bytes_written() < before + kBytesBeforeEachDeath; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    process.signal(SIGKILL);
    ASSERT_EQ(process.wait().exit_code, 128 + SIGKILL);
  }

  const support::Scratch dir_;
  Oracle oracle_;
};

TEST_P(Restart, GoesOnAfterKillNineWithoutLossAndWithoutFalseInitialEvents) {
  live_and_die();
  const auto told_at_first = initial_stations();
  EXPECT_GT(told_at_first.size(), 100u);
  for (int death = 1; death < kDeaths; ++death) live_and_die();
  const FleetRun last = run_fleet(settings());
  EXPECT_EQ(last.ended.exit_code, 0) << last.ended.err;
  EXPECT_LT(last.count("emitted"), oracle_.records) << "it began anew";
  EXPECT_EQ(last.count("failed"), 0);
  const auto told_in_the_end = initial_stations();
  for (const std::string& station : told_at_first) {
    EXPECT_EQ(told_in_the_end.count(station), told_at_first.count(station)) << station;
  }

  const FleetRun undisturbed =
      run_fleet({"bikes.file=" + (dir_ / "lyon.jsonl"), "bikes.output=" + (dir_ / "undisturbed")});
  ASSERT_EQ(undisturbed.ended.exit_code, 0) << undisturbed.ended.err;
  EXPECT_EQ(distinct("out"), distinct("undisturbed"));

  const Outcome outcome = read_outcome(dir_ / "out", false);
  for (const auto& [station, wanted] : oracle_.per_station) {
    const auto& found = outcome.per_station.at(station);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_GE(found[i], wanted[i]) << station << " " << i;
    EXPECT_EQ(found[3], wanted[3]) << station;
  }
  EXPECT_EQ(outcome.empty_at_end.at("lyon"), oracle_.empty_at_end);
  const auto last_count = [&](const std::string& directory) {
    json count;
    for (const json& event : events(directory)) count = event.value("empty_in_city", count);
    return count;
  };
  EXPECT_EQ(last_count("out"), oracle_.empty_at_end);
}

INSTANTIATE_TEST_SUITE_P(Parallelism, Restart, ::testing::Values("1", "3"));

TEST(RestartSettings, RefuseStateWithoutAPositionAndASecondRunOnTheSameState) {
  const support::Scratch dir;
  const FleetRun refused = run_fleet({"topology.state.dir=" + (dir / "state")});
  EXPECT_EQ(refused.ended.exit_code, 2);
  EXPECT_THAT(refused.ended.err, HasSubstr("topology.state.dir needs source.position"));

  const char* programs = std::getenv("RAFALE_BIN_DIR");
  const auto call = [&](const std::string& out) {
    return std::vector<std::string>{
        "rafale",
        "local",
        std::string(programs == nullptr ? "." : programs) + "/bike_fleet.so",
        "-c",
        "bikes.output=" + (dir / out),
        "-c",
        "topology.state.dir=" + (dir / "state"),
        "-c",
        "source.position=" + (dir / out)};
  };
  support::Process first(call("a"));
  for (int i = 0; i < 6000 && !std::filesystem::exists(dir / "a/events-0.jsonl"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const auto second = support::run(call("b"));
  EXPECT_NE(second.exit_code, 0);
  EXPECT_THAT(second.err,
              AllOf(HasSubstr("is held by another process"), HasSubstr(dir / "state/bike_fleet/")));
  first.signal(SIGINT);
  EXPECT_EQ(first.wait().exit_code, 0);
}

}  // namespace
}  // namespace rafale::bikes
