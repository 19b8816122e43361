// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of events as JSON lines and of the file sink.
#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/testing.h"
#include "tests/support/scratch.h"
#include "topologies/bike_fleet/fleet_event.h"
#include "topologies/bike_fleet/jsonl_sink.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

using support::read_file;
using support::Scratch;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

std::string lines(const FleetEvent& event) {
  std::string text;
  append_event_lines(text, event);
  return text;
}

TEST(FleetEvent, IsADeltaLine) {
  EXPECT_EQ(lines({.contract = "lyon",
                   .number = "1001",
                   .delta = -2,
                   .bikes = 7,
                   .at = 1568484000000,
                   .empty_in_city = 3}),
            R"({"event":"delta","contract":"lyon","number":"1001","delta":-2,"bikes":7,)"
            R"("at":1568484000000})"
            "\n");
}

TEST(FleetEvent, IsTwoLinesIfTheStationTurned) {
  EXPECT_EQ(lines({.contract = "lyon",
                   .number = "1001",
                   .delta = -2,
                   .bikes = 0,
                   .at = std::nullopt,
                   .turned = "empty",
                   .initial = true,
                   .empty_in_city = 12}),
            R"({"event":"delta","contract":"lyon","number":"1001","delta":-2,"bikes":0,)"
            R"("at":null,"initial":true})"
            "\n"
            R"({"event":"empty","contract":"lyon","number":"1001","bikes":0,"empty_in_city":12,)"
            R"("at":null,"initial":true})"
            "\n");
}

TEST(FleetEvent, IsNoDeltaIfNoBikeMoved) {
  EXPECT_EQ(lines({.contract = "a", .number = "1", .at = 5, .turned = "empty", .empty_in_city = 1}),
            R"({"event":"empty","contract":"a","number":"1","bikes":0,"empty_in_city":1,"at":5})"
            "\n");
}

TEST(FleetEvent, EscapesNames) {
  EXPECT_THAT(lines({.contract = "a\"b", .number = "\\\n", .delta = 1}),
              HasSubstr(R"("contract":"a\"b","number":"\\\u000a")"));
}

class JsonlSinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<JsonlSink> sink(bool append = false) {
    JsonlSink::Options options;
    options.directory = dir / "out/deep";
    options.file.append = append;
    return std::make_unique<JsonlSink>(options, std::make_unique<EventFormat>());
  }
  void execute(JsonlSink& bolt, const char* number) {
    harness.execute(bolt, kCity, "lyon", number, 1, 2, 99, "", false, 0);
  }

  Scratch dir;
  testing::Harness harness{{}, {{kCity, "default", event_schema()}}};
};

TEST_F(JsonlSinkTest, WritesAFileForItsTaskAndAcks) {
  harness.index = 3;
  auto bolt = sink();
  bolt->prepare(harness, harness.bolt_collector());
  execute(*bolt, "1");
  execute(*bolt, "2");
  EXPECT_EQ(harness.acked, 2U);
  EXPECT_EQ(read_file(dir / "out/deep/events-3.jsonl"),
            R"({"event":"delta","contract":"lyon","number":"1","delta":1,"bikes":2,"at":99})"
            "\n"
            R"({"event":"delta","contract":"lyon","number":"2","delta":1,"bikes":2,"at":99})"
            "\n");
}

TEST_F(JsonlSinkTest, RefusesTheFileOfAnotherRunUnlessItAppends) {
  auto first = sink();
  first->prepare(harness, harness.bolt_collector());
  execute(*first, "1");
  EXPECT_THAT([&] { sink()->prepare(harness, harness.bolt_collector()); },
              ThrowsMessage<std::runtime_error>(HasSubstr("events-0.jsonl: File exists")));
  auto second = sink(true);
  second->prepare(harness, harness.bolt_collector());
  execute(*second, "2");
  EXPECT_EQ(support::lines_of(read_file(dir / "out/deep/events-0.jsonl")).size(), 2U);
}

TEST_F(JsonlSinkTest, HoldsItsTuplesWhileTheDiskIsFull) {
  std::filesystem::create_directories(dir / "out/deep");
  std::filesystem::create_symlink("/dev/full", dir / "out/deep/events-0.jsonl");
  auto bolt = sink(true);
  bolt->prepare(harness, harness.bolt_collector());
  execute(*bolt, "1");
  harness.tick(*bolt);
  EXPECT_EQ(harness.acked, 0U);
  EXPECT_THAT(harness.failed, IsEmpty());
  EXPECT_EQ(harness.timeout_resets, 1U);
  EXPECT_THAT(harness.errors.at(0), HasSubstr("No space left on device"));
}

TEST_F(JsonlSinkTest, WritesTraces) {
  testing::Harness traced({}, {{kStation, kTrace, trace_schema()}});
  JsonlSink::Options options;
  options.directory = dir.path();
  options.stem = "trace";
  JsonlSink bolt(options, std::make_unique<TraceFormat>());
  bolt.prepare(traced, traced.bolt_collector());
  traced.execute_on(bolt, kStation, kTrace, "lyon", "1", 17, true);
  EXPECT_EQ(read_file(dir / "trace-0.jsonl"),
            R"({"contract":"lyon","number":"1","position":17,"stale":true})"
            "\n");
}

TEST(EmptyStation, SaysWhatTheCourseSaysAndMore) {
  std::string text;
  append_empty_station(text, {.contract = "lyon",
                              .number = "7",
                              .delta = -2,
                              .bikes = 0,
                              .at = 99,
                              .turned = "empty",
                              .empty_in_city = 3,
                              .address = "1, rue \"A\""});
  EXPECT_EQ(text, R"({"station_id":7,"address":"1, rue \"A\"","city":"lyon","is_empty":true,)"
                  R"("available_bikes":0,"last_update":99,"empty_in_city":3})");
  text.clear();
  append_empty_station(text, {.contract = "x", .number = "007", .bikes = 4, .turned = "not_empty"});
  EXPECT_EQ(text, R"({"station_id":"007","address":"","city":"x","is_empty":false,)"
                  R"("available_bikes":4,"last_update":null,"empty_in_city":0})");
}

}  // namespace
}  // namespace rafale::bikes
