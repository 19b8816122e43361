// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The records of a station stay in order although one of two parse tasks is slow.
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/topology_builder.h"
#include "tests/support/scratch.h"
#include "topologies/bike_fleet/feed.h"
#include "topologies/bike_fleet/parse_bolt.h"
#include "topologies/bike_fleet/simulator.h"
#include "topologies/bike_fleet/station_bolt.h"
#include "topologies/bike_fleet/streams.h"
#include "worker/runtime/local_runtime.h"

namespace rafale::bikes {
namespace {

constexpr std::int64_t kRecords = 20'000;

/// Parses, but its first task takes a nap every now and then, so that the other runs far ahead.
class SlowParse final : public BasicBolt {
 public:
  explicit SlowParse(ParseBolt::Options options) : parse_(std::move(options)) {}
  void prepare(TaskContext& context) override {
    slow_ = context.task_index() == 0;
    parse_.prepare(context);
  }
  void execute(const Tuple& in, BasicCollector& out) override {
    if (slow_ && ++executed_ % 500 == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    parse_.execute(in, out);
  }

 private:
  ParseBolt parse_;
  bool slow_ = false;
  int executed_ = 0;
};

/// What arrived at one task of the last bolt.
struct Arrivals {
  std::map<std::string, std::int64_t> last;  // position by station
  std::int64_t records = 0;
  std::int64_t overtaken = 0;
  std::int64_t stale = 0;
};

class Watch final : public BasicBolt {
 public:
  explicit Watch(std::shared_ptr<std::vector<Arrivals>> all) : all_(std::move(all)) {}
  void prepare(TaskContext& context) override { mine_ = &(*all_)[context.task_index()]; }
  void execute(const Tuple& in, BasicCollector&) override {
    const auto position = in.get<std::int64_t>("position");
    std::int64_t& last =
        mine_->last[in.get<std::string>("contract") + "/" + in.get<std::string>("number")];
    mine_->overtaken += position <= last ? 1 : 0;
    mine_->stale += in.get<bool>("stale") ? 1 : 0;
    last = position;
    ++mine_->records;
  }

 private:
  std::shared_ptr<std::vector<Arrivals>> all_;
  Arrivals* mine_ = nullptr;
};

TEST(Order, OfAStationSurvivesASlowParseTask) {
  TopologyBuilder builder("slow_parse");
  builder
      .spout(kFeed,
             [] {
               Simulator::Options options;
               options.records = kRecords;
               return std::make_unique<Feed>(std::make_unique<Simulator>(options),
                                             Format::automatic, "", 0);
             })
      .output(raw_schema())
      .output(kUnreadable, unreadable_schema());
  ParseBolt::Options parse;
  parse.source_names = {"simulator"};
  builder.bolt(kParse, [parse] { return std::make_unique<SlowParse>(parse); })
      .fields(kFeed, kStationFields)
      .shuffle(kFeed, kUnreadable)
      .output(reading_schema())
      .parallelism(2)
      .blocking();
  builder
      .bolt(kStation,
            [] { return std::make_unique<StationBolt>(StationBolt::Options{.trace = true}); })
      .fields(kParse, kStationFields)
      .output(change_schema())
      .output(kTrace, trace_schema())
      .parallelism(2);
  const auto arrivals = std::make_shared<std::vector<Arrivals>>(2);
  builder.bolt("watch", [arrivals] { return std::make_unique<Watch>(arrivals); })
      .fields(kStation, kStationFields, kTrace)
      .parallelism(2);

  const support::Scratch dir;
  worker::LocalOptions options;
  options.dead_letter_dir = dir.path();
  auto runtime = worker::LocalRuntime::start(builder.build(), options);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  ASSERT_TRUE((*runtime)->wait_until_done(std::chrono::minutes(1)));
  ASSERT_TRUE((*runtime)->stop(std::chrono::minutes(1)));

  EXPECT_EQ((*arrivals)[0].records + (*arrivals)[1].records, kRecords);
  for (const Arrivals& task : *arrivals) {
    EXPECT_GT(task.records, kRecords / 4) << "both tasks have stations";
    EXPECT_EQ(task.overtaken, 0);
    EXPECT_EQ(task.stale, 0);
  }
}

}  // namespace
}  // namespace rafale::bikes
