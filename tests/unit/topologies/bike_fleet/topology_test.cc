// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of the settings and of the graph that they make.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/testing.h"
#include "tests/support/scratch.h"
#include "topologies/bike_fleet/fleet_topology.h"
#include "topologies/bike_fleet/options.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

using support::Scratch;
using support::write_file;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Settings = std::vector<std::pair<const char*, Value>>;

Config config_of(const Settings& settings) {
  Config config;
  for (const auto& [key, value] : settings) config.set(key, value);
  return config;
}

Topology built(const Settings& settings) {
  TopologyBuilder builder("bike_fleet", config_of(settings));
  build_fleet(builder, read_options(builder));
  return builder.build();
}

std::vector<std::string> mistakes(const Settings& settings) {
  try {
    built(settings);
  } catch (const InvalidTopology& invalid) {
    return invalid.mistakes();
  }
  return {};
}

TEST(FleetTopology, RunsTheSimulatorToTheConsoleByDefault) {
  const Topology topology = built({});
  std::vector<std::string> names;
  for (const auto& component : topology.components) names.push_back(component.name);
  EXPECT_THAT(names, ElementsAre("city", "events", "feed", "parse", "station"));
  EXPECT_FALSE(topology.config.contains("topology.dead.letters.dir"));
  EXPECT_TRUE(topology.component(kEvents)->blocking);
  EXPECT_FALSE(topology.component(kParse)->fuse);
}

TEST(FleetTopology, GroupsByStationUpToTheStationAndByContractBehindIt) {
  const Scratch dir;
  const Topology topology = built({{"bikes.parallelism", 4}, {"bikes.output", dir / "out"}});
  for (const char* name : {kParse, kStation}) {
    EXPECT_EQ(topology.component(name)->inputs.at(0).grouping.to_string(),
              "fields(contract, number)");
  }
  for (const char* name : {kCity, kEvents}) {
    EXPECT_EQ(topology.component(name)->inputs.at(0).grouping.to_string(), "fields(contract)");
  }
  for (const char* name : {kParse, kStation, kCity, kEvents}) {
    EXPECT_EQ(topology.component(name)->executors, 4U) << name;
  }
  EXPECT_EQ(topology.component(kFeed)->executors, 1U);
  EXPECT_EQ(topology.config.get<std::string>("topology.dead.letters.dir", ""), dir / "out");
}

TEST(FleetTopology, TracesOnlyIfAsked) {
  const Scratch dir;
  EXPECT_EQ(built({{"bikes.output", dir / "out"}}).component(kTrace), nullptr);
  const Topology traced = built({{"bikes.output", dir / "out"}, {"bikes.trace", true}});
  ASSERT_NE(traced.component(kTrace), nullptr);
  EXPECT_EQ(traced.component(kTrace)->inputs.at(0).stream, kTrace);
}

TEST(FleetTopology, GivesABlockingThreadToASinkThatSyncs) {
  const Scratch dir;
  EXPECT_FALSE(built({{"bikes.output", dir / "out"}}).component(kEvents)->blocking);
  EXPECT_TRUE(
      built({{"bikes.output", dir / "out"}, {"sink.sync", "batch"}}).component(kEvents)->blocking);
}

TEST(FleetOptions, SendDeadLettersToATopicIfOneIsNamed) {
  EXPECT_EQ(built({}).dead_letters.make, nullptr);
  EXPECT_EQ(built({{"kafka.dead.letters.topic", Value("graves")}}).dead_letters.place,
            "topic 'graves' of Kafka at 127.0.0.1:9092");
}

TEST(FleetOptions, ReadAFileIfOneIsNamed) {
  const Scratch dir;
  write_file(dir / "a", "");
  write_file(dir / "b", "");
  TopologyBuilder builder(
      "t", config_of({{"bikes.file", dir / "a" + "," + (dir / "b")}, {"bikes.speed", 600}}));
  const Options options = read_options(builder);
  EXPECT_EQ(options.source, Options::Source::file);
  EXPECT_THAT(options.files, ElementsAre(dir / "a", dir / "b"));
  EXPECT_EQ(options.speed, 600);
}

TEST(FleetOptions, ReplayFilesAtOnceAndTheSimulatorFasterThanLife) {
  const Scratch dir;
  write_file(dir / "a", "");
  TopologyBuilder file("t", config_of({{"bikes.file", dir / "a"}}));
  TopologyBuilder simulated("t");
  EXPECT_EQ(read_options(file).speed, 0);
  EXPECT_EQ(read_options(simulated).speed, 600);
}

TEST(FleetOptions, ReportEverythingThatIsWrongAtOnce) {
  const auto found = mistakes({{"bikes.source", "kafak"},
                               {"bikes.parallelism", 0},
                               {"bikes.fail", 2.5},
                               {"bikes.speed", -1},
                               {"bikes.sim.hour", 24},
                               {"bikes.sim.cities", ","},
                               {"bikes.trace", true},
                               {"bikes.pralelism", 4}});
  EXPECT_THAT(found, Contains(HasSubstr("bikes.source is 'kafak'")));
  EXPECT_THAT(found, Contains(HasSubstr("bikes.parallelism is 0; it must be 1 to 1024")));
  EXPECT_THAT(found, Contains(HasSubstr("bikes.fail")));
  EXPECT_THAT(found, Contains(HasSubstr("bikes.speed")));
  EXPECT_THAT(found, Contains(HasSubstr("bikes.sim.hour")));
  EXPECT_THAT(found, Contains(HasSubstr("bikes.sim.cities")));
  EXPECT_THAT(found, Contains(HasSubstr("bikes.trace has an effect only with bikes.output")));
  EXPECT_THAT(found, Contains(AllOf(HasSubstr("pralelism"), HasSubstr("bikes.parallelism"))));
}

TEST(FleetOptions, RefuseSettingsThatContradictEachOther) {
  const Scratch dir;
  write_file(dir / "f", "");
  EXPECT_THAT(mistakes({{"bikes.source", "file"}}), Contains(HasSubstr("needs bikes.file")));
  EXPECT_THAT(mistakes({{"bikes.source", "simulator"}, {"bikes.file", dir / "f"}}),
              Contains(HasSubstr("bikes.file has an effect only with bikes.source=file")));
  EXPECT_THAT(mistakes({{"bikes.file", dir / "f"}, {"bikes.sim.stations", 5}}),
              Contains(HasSubstr("bikes.sim.stations has an effect only with")));
  EXPECT_THAT(mistakes({{"bikes.file", dir / "f"}, {"bikes.format", "gbfs"}}),
              Contains(HasSubstr("bikes.format=gbfs needs bikes.contract")));
  EXPECT_THAT(mistakes({{"bikes.file", dir / "f"}, {"bikes.format", "csv"}}),
              Contains(HasSubstr("bikes.format is 'csv'")));
  EXPECT_THAT(mistakes({{"sink.sync", "sometimes"}}), Contains(HasSubstr("sink.sync")));
}

TEST(FleetOptions, RefuseFilesAndDirectoriesByName) {
  const Scratch dir;
  write_file(dir / "full/../f", "");
  EXPECT_THAT(mistakes({{"bikes.file", dir / "missing"}}),
              Contains(HasSubstr("there is no file '" + (dir / "missing"))));
  EXPECT_THAT(mistakes({{"bikes.file", dir.path()}}), Contains(HasSubstr("is a directory")));
  write_file(dir / "f", "");
  EXPECT_THAT(mistakes({{"bikes.output", dir.path()}}),
              Contains(AllOf(HasSubstr(dir.path() + " is not empty"), HasSubstr("--append"))));
  EXPECT_THAT(mistakes({{"bikes.output", dir.path()}, {"sink.append", true}}), ElementsAre());
}

}  // namespace
}  // namespace rafale::bikes
