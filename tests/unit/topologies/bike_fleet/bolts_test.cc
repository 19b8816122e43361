// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of the bolts parse, station and city.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/testing.h"
#include "tests/support/scratch.h"
#include "topologies/bike_fleet/city_bolt.h"
#include "topologies/bike_fleet/parse_bolt.h"
#include "topologies/bike_fleet/source_position.h"
#include "topologies/bike_fleet/station_bolt.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The values of what was emitted to a stream, as JSON.
std::vector<std::string> emitted(const testing::Harness& harness,
                                 std::string_view stream = "default") {
  std::vector<std::string> all;
  for (const auto& tuple : harness.emitted) {
    if (tuple.stream == stream) all.push_back(Value(tuple.values).to_json());
  }
  return all;
}

// ---- parse

class ParseBoltTest : public ::testing::Test {
 protected:
  static ParseBolt::Options options() {
    ParseBolt::Options options;
    options.source_names = {"a.jsonl", "b.jsonl"};
    return options;
  }
  void execute(ParseBolt& bolt, const char* contract, const char* number, std::int64_t position,
               const char* record) {
    harness.execute(bolt, kFeed, contract, number, position, record);
  }

  testing::Harness harness{
      {{"default", reading_schema()}},
      {{kFeed, "default", raw_schema()}, {kFeed, kUnreadable, unreadable_schema()}}};
};

TEST_F(ParseBoltTest, TurnsARecordIntoAReading) {
  ParseBolt parse(options());
  parse.prepare(harness);
  execute(parse, "lyon", "7", 12,
          R"({"number":7,"contract_name":"lyon","available_bikes":3,"last_update":99})");
  execute(parse, "lyon", "7", 13, R"({"number":"7","contract_name":"lyon","available_bikes":0})");
  EXPECT_THAT(emitted(harness),
              ElementsAre(R"(["lyon","7",12,3,99])", R"(["lyon","7",13,0,null])"));
  EXPECT_EQ(harness.acked, 2U);
  EXPECT_THAT(harness.dead_letters, IsEmpty());
}

TEST_F(ParseBoltTest, BuriesWhatItCannotUnderstandAndGoesOn) {
  ParseBolt parse(options());
  parse.prepare(harness);
  execute(parse, "", "", SourcePosition{1, 17}.pack(), "nonsense");
  execute(parse, "lyon", "7", 18,
          R"({"number":7,"contract_name":"lyon","available_bikes":"many"})");
  EXPECT_THAT(emitted(harness), IsEmpty());
  EXPECT_EQ(harness.acked, 2U);
  EXPECT_THAT(harness.failed, IsEmpty());
  ASSERT_THAT(harness.dead_letters, SizeIs(2));
  EXPECT_EQ(harness.dead_letters[0].record, "nonsense");
  EXPECT_THAT(harness.dead_letters[0].reason, HasSubstr("broken JSON"));
  EXPECT_EQ(harness.dead_letters[0].source, "b.jsonl");
  EXPECT_EQ(harness.dead_letters[0].position, 17);
  EXPECT_EQ(harness.dead_letters[1].source, "a.jsonl");
  EXPECT_EQ(harness.dead_letters[1].position, 18);
  EXPECT_EQ(harness.dead_letters[1].reason, "available_bikes is a string, not a whole number");
}

TEST_F(ParseBoltTest, BuriesWhatTheFeedCouldNotRead) {
  ParseBolt parse(options());
  parse.prepare(harness);
  harness.execute_on(parse, kFeed, kUnreadable, SourcePosition{1, 5}.pack(), "too long", "{...");
  EXPECT_EQ(harness.acked, 1U);
  ASSERT_THAT(harness.dead_letters, SizeIs(1));
  EXPECT_EQ(harness.dead_letters[0].record, "{...");
  EXPECT_EQ(harness.dead_letters[0].reason, "too long");
  EXPECT_EQ(harness.dead_letters[0].source, "b.jsonl");
  EXPECT_EQ(harness.dead_letters[0].position, 5);
}

TEST_F(ParseBoltTest, BuriesARecordThatCameOnTheWayOfAnotherStation) {
  ParseBolt parse(options());
  parse.prepare(harness);
  execute(parse, "lyon", "8", 1, R"({"number":7,"contract_name":"lyon","available_bikes":3})");
  ASSERT_THAT(harness.dead_letters, SizeIs(1));
  EXPECT_THAT(harness.dead_letters[0].reason, HasSubstr("another station"));
}

TEST_F(ParseBoltTest, FailsWhatItCannotBury) {
  ParseBolt parse(options());
  parse.prepare(harness);
  harness.dead_letters_fail = true;
  execute(parse, "", "", 1, "nonsense");
  EXPECT_EQ(harness.acked, 0U);
  EXPECT_THAT(harness.failed, SizeIs(1));
}

TEST_F(ParseBoltTest, FailsOnPurposeAsOftenAsItIsTold) {
  auto failing = options();
  failing.fail = 0.25;
  ParseBolt parse(failing);
  parse.prepare(harness);
  for (int i = 0; i < 4000; ++i) {
    execute(parse, "lyon", "7", i, R"({"number":7,"contract_name":"lyon","available_bikes":3})");
  }
  EXPECT_EQ(harness.acked + harness.failed.size(), 4000U);
  EXPECT_NEAR(static_cast<double>(harness.failed.size()), 1000, 150);
  EXPECT_EQ(emitted(harness).size(), harness.acked);
}

// ---- station

class StationBoltTest : public ::testing::Test {
 protected:
  void SetUp() override { station.prepare(harness, harness.bolt_collector()); }
  void execute(const char* contract, const char* number, std::int64_t position, std::int64_t bikes,
               std::optional<std::int64_t> at = std::nullopt) {
    harness.execute(station, kParse, contract, number, position, bikes, at);
  }

  testing::Harness harness{{{"default", change_schema()}, {kTrace, trace_schema()}},
                           {{kParse, "default", reading_schema()}}};
  StationBolt station{StationBolt::Options{}};
};

TEST_F(StationBoltTest, CountsTheFirstRecordFromZeroBikesAndNotEmpty) {
  execute("lyon", "1", 1, 5, 99);
  execute("lyon", "2", 2, 0);
  EXPECT_THAT(emitted(harness), ElementsAre(R"(["lyon","1",5,5,99,"",true])",
                                            R"(["lyon","2",0,0,null,"empty",true])"));
}

TEST_F(StationBoltTest, TellsChangesAndNothingElse) {
  execute("lyon", "1", 1, 5);
  execute("lyon", "1", 2, 5);
  execute("lyon", "1", 3, 3);
  execute("lyon", "1", 4, 0);
  execute("lyon", "1", 5, 0);
  execute("lyon", "1", 6, 2);
  EXPECT_THAT(emitted(harness),
              ElementsAre(R"(["lyon","1",5,5,null,"",true])", R"(["lyon","1",-2,3,null,"",false])",
                          R"(["lyon","1",-3,0,null,"empty",false])",
                          R"(["lyon","1",2,2,null,"not_empty",false])"));
  EXPECT_EQ(harness.acked, 6U);
}

TEST_F(StationBoltTest, IgnoresAnUnchangedMomentAndLooksAtTheBikes) {
  execute("lyon", "1", 1, 5, 99);
  execute("lyon", "1", 2, 4, 99);
  EXPECT_THAT(emitted(harness), SizeIs(2));
}

TEST_F(StationBoltTest, KeepsStationsOfTheSameNumberApart) {
  execute("lyon", "1", 1, 5);
  execute("mexico", "1", 2, 7);
  execute("lyon", "1", 3, 6);
  execute("lyo", "n1", 4, 6);
  EXPECT_THAT(emitted(harness),
              ElementsAre(R"(["lyon","1",5,5,null,"",true])", R"(["mexico","1",7,7,null,"",true])",
                          R"(["lyon","1",1,6,null,"",false])", R"(["lyo","n1",6,6,null,"",true])"));
}

TEST_F(StationBoltTest, AcksAndCountsWhatIsStaleAndChangesNothing) {
  execute("lyon", "1", 10, 5);
  execute("lyon", "1", 9, 0);  // was overtaken, never applied
  execute("lyon", "1", 8, 0);
  execute("lyon", "2", 1, 4);  // another station has positions of its own
  execute("lyon", "1", 11, 6);
  EXPECT_THAT(emitted(harness),
              ElementsAre(R"(["lyon","1",5,5,null,"",true])", R"(["lyon","2",4,4,null,"",true])",
                          R"(["lyon","1",1,6,null,"",false])"));
  EXPECT_EQ(harness.acked, 5U);
  EXPECT_EQ(harness.counters["stale"], 2);
}

TEST_F(StationBoltTest, TellsAChangeAgainThatMayHaveBeenLostAndTheLastOneAfterIt) {
  execute("lyon", "1", 10, 5);
  execute("lyon", "1", 11, 5);  // changes nothing, so nothing can be lost
  execute("lyon", "1", 12, 0);
  execute("lyon", "1", 13, 2);
  harness.emitted.clear();
  execute("lyon", "1", 11, 5);
  EXPECT_THAT(emitted(harness), SizeIs(0));
  execute("lyon", "1", 12, 0);
  EXPECT_THAT(emitted(harness), ElementsAre(R"(["lyon","1",-5,0,null,"empty",false])",
                                            R"(["lyon","1",2,2,null,"not_empty",false])"));
  harness.emitted.clear();
  execute("lyon", "1", 13, 2);
  EXPECT_THAT(emitted(harness), ElementsAre(R"(["lyon","1",2,2,null,"not_empty",false])"));
  harness.emitted.clear();
  for (int i = 0; i < 100; ++i) execute("lyon", "1", 14 + i, i % 2);
  harness.emitted.clear();
  execute("lyon", "1", 113, 1);
  EXPECT_THAT(emitted(harness), SizeIs(1));
  EXPECT_EQ(harness.counters["stale"], 4);
}

TEST_F(StationBoltTest, TracesEveryRecordIfAsked) {
  StationBolt traced({.trace = true});
  traced.prepare(harness, harness.bolt_collector());
  harness.execute(traced, kParse, "lyon", "1", 10, 5, nullptr);
  harness.execute(traced, kParse, "lyon", "1", 10, 5, nullptr);
  EXPECT_THAT(emitted(harness, kTrace),
              ElementsAre(R"(["lyon","1",10,false])", R"(["lyon","1",10,true])"));
  EXPECT_THAT(emitted(harness), SizeIs(2)) << "the change, told again";
}

TEST_F(StationBoltTest, KnowsNoOrderBetweenPartitions) {
  StationBolt of_kafka({.partitions = true});
  of_kafka.prepare(harness, harness.bolt_collector());
  const auto record = [&](std::uint32_t partition, std::int64_t offset, std::int64_t bikes) {
    harness.execute(of_kafka, kParse, "lyon", "1", SourcePosition{partition, offset}.pack(), bikes,
                    nullptr);
  };
  record(2, 10, 5);
  record(0, 3, 6);  // the station moved to another partition
  record(0, 3, 7);  // a replay
  record(0, 2, 7);
  EXPECT_THAT(emitted(harness),
              ElementsAre(R"(["lyon","1",5,5,null,"",true])", R"(["lyon","1",1,6,null,"",false])",
                          R"(["lyon","1",1,6,null,"",false])"));
  EXPECT_EQ(harness.counters["stale"], 2);
}

class DurableStationTest : public ::testing::Test {
 protected:
  void begin(std::int64_t window = 1000) {
    Config config;
    config.set("topology.state.dir", dir.path());
    config.set("topology.tick.tuple.freq.ms", 1000);
    station.reset();
    harness.emplace(std::vector<StreamDef>{{"default", change_schema()}},
                    std::vector<rafale::detail::StreamInfo>{{kParse, "default", reading_schema()}},
                    config);
    station = std::make_unique<StationBolt>(StationBolt::Options{.window = window});
    station->prepare(*harness, harness->bolt_collector());
  }
  void record(const char* number, std::int64_t position, std::int64_t bikes) {
    harness->execute(*station, kParse, "lyon", number, position, bikes, nullptr);
  }
  void snapshot() {
    harness->clock_ms += 1000;
    harness->tick(*station);
  }

  const support::Scratch dir;
  std::optional<testing::Harness> harness;
  std::unique_ptr<StationBolt> station;
};

TEST_F(DurableStationTest, GoesOnAfterItsDeathWithoutInitialEvents) {
  begin();
  record("1", 1, 5);
  record("2", 2, 0);
  EXPECT_EQ(harness->acked, 0U);
  snapshot();
  EXPECT_EQ(harness->acked, 2U);
  record("1", 3, 9);  // dies with the task
  begin();
  record("1", 3, 9);
  record("2", 4, 0);
  record("2", 5, 1);
  EXPECT_THAT(emitted(*harness), ElementsAre(R"(["lyon","1",4,9,null,"",false])",
                                             R"(["lyon","2",1,1,null,"not_empty",false])"));
}

TEST_F(DurableStationTest, TellsAgainAfterItsDeathWhatNoSinkMayHave) {
  begin();
  for (int i = 0; i < 200; ++i) record("1", 10 + i, i % 2);
  snapshot();
  begin();
  for (int i = 0; i < 200; ++i) {
    harness->emitted.clear();
    record("1", 10 + i, i % 2);
    ASSERT_FALSE(emitted(*harness).empty()) << i;
  }
  EXPECT_EQ(harness->counters["stale"], 200);
  EXPECT_EQ(harness->acked, 200U) << "all that they saw is on the disk";
}

TEST_F(DurableStationTest, WithholdsTheAckOfARepetitionUntilWhatItRepeatsIsOnTheDisk) {
  begin();
  record("1", 1, 5);
  record("1", 1, 5);  // its tree timed out
  EXPECT_EQ(harness->counters["stale"], 1);
  EXPECT_EQ(harness->acked, 0U);
  snapshot();
  EXPECT_EQ(harness->acked, 2U);
}

TEST_F(DurableStationTest, ForgetsChangesThatCanNotComeAgainButTheLast) {
  begin(100);
  for (int i = 0; i < 1000; ++i) record("1", 1 + i, i % 2);
  snapshot();
  begin(100);
  const auto told_for = [&](std::int64_t position) {
    harness->emitted.clear();
    record("1", position, 7);
    return emitted(*harness).size();
  };
  EXPECT_EQ(told_for(500), 0U);
  for (std::int64_t position = 900; position < 1000; ++position) {
    ASSERT_EQ(told_for(position), 2U) << position;
  }
  EXPECT_EQ(told_for(1000), 1U);
}

TEST(DurableCity, KnowsItsEmptyStationsAfterItsDeath) {
  const support::Scratch dir;
  Config config;
  config.set("topology.state.dir", dir.path());
  config.set("topology.tick.tuple.freq.ms", 1000);
  const auto live = [&](auto work) {
    testing::Harness harness({{"default", event_schema()}},
                             {{kStation, "default", change_schema()}}, config);
    CityBolt city(true);
    city.prepare(harness, harness.bolt_collector());
    work([&](const char* number, const char* turned) {
      harness.execute(city, kStation, "lyon", number, 1, 2, nullptr, turned, false);
      return *harness.emitted.back().values[7].as<std::int64_t>();
    });
    harness.clock_ms += 1000;
    harness.tick(city);
  };
  live([](auto change) {
    EXPECT_EQ(change("1", "empty"), 1);
    EXPECT_EQ(change("2", "empty"), 2);
    EXPECT_EQ(change("3", "empty"), 3);
    EXPECT_EQ(change("2", "not_empty"), 2);
  });
  live([](auto change) {
    EXPECT_EQ(change("3", "empty"), 2) << "told again";
    EXPECT_EQ(change("4", ""), 2);
    EXPECT_EQ(change("1", "not_empty"), 1);
  });
}

TEST(Address, TravelsFromTheRecordToTheEventIfAskedFor) {
  testing::Harness parses(
      {{"default", reading_schema(true)}},
      {{kFeed, "default", raw_schema()}, {kFeed, kUnreadable, unreadable_schema()}});
  ParseBolt::Options options;
  options.address = true;
  ParseBolt parse(options);
  parse.prepare(parses);
  parses.execute(
      parse, kFeed, "lyon", "7", 1,
      R"({"number":7,"contract_name":"lyon","address":"rue \u00e0","available_bikes":3})");
  EXPECT_THAT(emitted(parses), ElementsAre(R"(["lyon","7",1,3,null,"rue à"])"));

  testing::Harness stations({{"default", change_schema(true)}},
                            {{kParse, "default", reading_schema(true)}});
  StationBolt station({.address = true});
  station.prepare(stations, stations.bolt_collector());
  stations.execute(station, kParse, "lyon", "7", 1, 3, nullptr, "rue à");
  EXPECT_THAT(emitted(stations), ElementsAre(R"(["lyon","7",3,3,null,"",true,"rue à"])"));

  testing::Harness cities({{"default", event_schema(true)}},
                          {{kStation, "default", change_schema(true)}});
  CityBolt city(true, true);
  city.prepare(cities, cities.bolt_collector());
  cities.execute(city, kStation, "lyon", "7", 3, 3, nullptr, "", true, "rue à");
  EXPECT_THAT(emitted(cities), ElementsAre(R"(["lyon","7",3,3,null,"",true,0,"rue à"])"));
}

// ---- city

class CityBoltTest : public ::testing::Test {
 protected:
  void change(CityBolt& city, const char* contract, const char* number, const char* turned,
              bool initial = false) {
    harness.execute(city, kStation, contract, number, 1, 2, nullptr, turned, initial);
  }
  /// empty_in_city of each event.
  std::vector<std::int64_t> counts() const {
    std::vector<std::int64_t> all;
    for (const auto& tuple : harness.emitted) all.push_back(*tuple.values[7].as<std::int64_t>());
    return all;
  }

  testing::Harness harness{{{"default", event_schema()}}, {{kStation, "default", change_schema()}}};
};

TEST_F(CityBoltTest, CountsTheEmptyStationsOfEachContract) {
  CityBolt city(true);
  city.prepare(harness, harness.bolt_collector());
  change(city, "lyon", "1", "empty");
  change(city, "lyon", "2", "empty");
  change(city, "mexico", "1", "empty");
  change(city, "lyon", "3", "");
  change(city, "lyon", "1", "not_empty");
  EXPECT_THAT(counts(), ElementsAre(1, 2, 1, 2, 1));
  EXPECT_EQ(harness.acked, 5U);
}

TEST_F(CityBoltTest, CountsAChangeThatComesTwiceOnce) {
  CityBolt city(true);
  city.prepare(harness, harness.bolt_collector());
  change(city, "lyon", "1", "empty");
  change(city, "lyon", "1", "empty");
  change(city, "lyon", "1", "not_empty");
  change(city, "lyon", "1", "not_empty");
  change(city, "lyon", "2", "not_empty");
  EXPECT_THAT(counts(), ElementsAre(1, 1, 0, 0, 0));
}

TEST_F(CityBoltTest, KeepsFirstRecordsBackButCountsThem) {
  CityBolt city(false);
  city.prepare(harness, harness.bolt_collector());
  change(city, "lyon", "1", "empty", true);
  change(city, "lyon", "2", "empty");
  EXPECT_THAT(counts(), ElementsAre(2));
  EXPECT_EQ(harness.acked, 2U);
}

TEST_F(CityBoltTest, PassesAllFieldsOn) {
  CityBolt city(true);
  city.prepare(harness, harness.bolt_collector());
  harness.execute(city, kStation, "lyon", "1", -3, 0, 99, "empty", true);
  EXPECT_THAT(emitted(harness), ElementsAre(R"(["lyon","1",-3,0,99,"empty",true,1])"));
}

}  // namespace
}  // namespace rafale::bikes
