// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The course's story around a real broker: recorded cities go into a topic, the fleet reads them
// back, and dies in the middle.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/bike_fleet/outcome.h"
#include "tests/integration/bike_fleet/recording.h"
#include "tests/support/kafka_server.h"
#include "tests/support/scratch.h"
#include "tests/support/shared_data.h"
#include "topologies/bike_fleet/source_position.h"

namespace rafale::bikes {
namespace {

using support::KafkaServer;
using support::Scratch;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kPartitions = 3;
const std::string kTopic = "velib-stations";

std::string plugin(const std::string& name) {
  const char* programs = std::getenv("RAFALE_BIN_DIR");
  return std::string(programs == nullptr ? "." : programs) + "/" + name + ".so";
}

/// `rafale local NAME.so` with these settings, to its end.
std::vector<std::string> call(const std::string& name, const std::vector<std::string>& settings) {
  std::vector<std::string> all{"rafale", "local", plugin(name), "--until-done", "-o", "json"};
  for (const std::string& setting : settings) {
    all.emplace_back("-c");
    all.push_back(setting);
  }
  return all;
}

class ThroughKafka : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!why_not().empty()) return;
    const Scratch files;
    lyon_ = read_oracle(kLyon);
    mexico_ = read_oracle(kMexico);
    expand(kLyon, files / "lyon.jsonl");
    expand(kMexico, files / "mexico.jsonl");
    server_ = std::make_unique<KafkaServer>();
    server_->create_topic(kTopic, kPartitions);
    const auto ended = support::run(call(
        "bike_ingest", {"kafka.bootstrap.servers=" + server_->bootstrap(),
                        "bikes.file=" + (files / "lyon.jsonl") + "," + (files / "mexico.jsonl")}));
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    for (int i = 0; i < kPartitions; ++i) ends_.push_back(server_->end(kTopic, i));
  }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    if (!why_not().empty()) GTEST_SKIP() << why_not();
  }
  static std::string why_not() {
    for (const std::string_view name : {kLyon, kMexico}) {
      const std::string file = support::shared_data(std::string(name) + ".csv.zst");
      if (!std::filesystem::exists(file)) return "needs recorded data, " + file;
    }
    return KafkaServer::skip_reason();
  }

  std::vector<std::string> settings(const std::string& group) const {
    return {"bikes.source=kafka",
            "kafka.bootstrap.servers=" + server_->bootstrap(),
            "kafka.group=" + group,
            "kafka.until.end=true",
            "kafka.commit.ms=100",
            "bikes.parallelism=4",
            "bikes.output=" + (out_ / "events")};
  }
  Outcome outcome(bool complete) const { return read_outcome(out_ / "events", complete); }
  static void expect_equal(const Outcome& found, std::size_t from_column) {
    for (const Oracle& oracle : {lyon_, mexico_}) {
      for (const auto& [station, wanted] : oracle.per_station) {
        const auto at = found.per_station.find(station);
        const std::array<std::int64_t, 4> none{};
        const auto& counts = at == found.per_station.end() ? none : at->second;
        for (std::size_t i = from_column; i < 4; ++i) {
          ASSERT_EQ(counts[i], wanted[i]) << station << ", column " << i;
        }
      }
    }
  }
  /// Offsets of the partition that reached a station.
  static std::set<std::int64_t> offsets_in(const Trace& trace, std::uint32_t partition) {
    std::set<std::int64_t> offsets;
    for (const std::int64_t packed : trace.positions) {
      const auto position = SourcePosition::unpack(packed);
      if (position.file == partition) offsets.insert(offsets.end(), position.line - 1);
    }
    return offsets;
  }

  static std::unique_ptr<KafkaServer> server_;
  static Oracle lyon_, mexico_;
  static std::vector<std::int64_t> ends_;
  Scratch out_;
};

std::unique_ptr<KafkaServer> ThroughKafka::server_;
Oracle ThroughKafka::lyon_, ThroughKafka::mexico_;
std::vector<std::int64_t> ThroughKafka::ends_;

TEST_F(ThroughKafka, EveryRecordIsInTheTopicOnce) {
  EXPECT_EQ(ends_[0] + ends_[1] + ends_[2], lyon_.records + mexico_.records);
}

TEST_F(ThroughKafka, TheCountsOfEachStationAreThoseOfTheOracles) {
  const FleetRun run = run_fleet(settings("counts"));
  ASSERT_EQ(run.ended.exit_code, 0) << run.ended.err;
  EXPECT_EQ(run.count("emitted"), lyon_.records + mexico_.records);
  EXPECT_EQ(run.count("dead_lettered"), 0);
  const Outcome found = outcome(true);
  expect_equal(found, 0);
  EXPECT_THAT(found.contradictions, IsEmpty());
  for (int i = 0; i < kPartitions; ++i) {
    EXPECT_EQ(server_->committed("counts", kTopic, i), ends_[static_cast<std::size_t>(i)]);
  }
}

TEST_F(ThroughKafka, KilledInTheMiddleAndStartedAgainNothingIsLost) {
  auto wanted = settings("killed");
  wanted.emplace_back("bikes.trace=true");
  wanted.emplace_back("bikes.stats=" + (out_ / "stats"));
  {
    support::Process first(call("bike_fleet", wanted));
    // Killed when a good part is committed and much is still to come.
    std::int64_t committed = 0;
    for (int i = 0; i < 1000 && committed < 100'000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      committed = server_->committed("killed", kTopic, 0);
    }
    first.signal(SIGKILL);
    EXPECT_EQ(first.wait().exit_code, 128 + SIGKILL) << "it was done already";
    ASSERT_GE(committed, 100'000);
  }
  const Trace before = read_trace(out_ / "events");
  for (int i = 0; i < kPartitions; ++i) {
    const std::set<std::int64_t> written = offsets_in(before, static_cast<std::uint32_t>(i));
    const std::int64_t committed = server_->committed("killed", kTopic, i);
    EXPECT_LT(committed, ends_[static_cast<std::size_t>(i)]);
    for (std::int64_t offset = 0; offset < committed; ++offset) {
      ASSERT_TRUE(written.contains(offset))
          << "partition " << i << " offset " << offset << " is committed and not in the output";
    }
  }

  wanted.emplace_back("sink.append=true");
  const FleetRun second = run_fleet(wanted);
  ASSERT_EQ(second.ended.exit_code, 0) << second.ended.err;
  EXPECT_LT(second.count("emitted"), lyon_.records + mexico_.records) << "it began anew";
  const Trace after = read_trace(out_ / "events");
  for (int i = 0; i < kPartitions; ++i) {
    EXPECT_THAT(offsets_in(after, static_cast<std::uint32_t>(i)),
                SizeIs(ends_[static_cast<std::size_t>(i)]));
  }
  expect_equal(outcome(false), 3);  // the bikes at the end

  // Three partitions that are read side by side make many records late. But each is in one place.
  const Statistics statistics = read_statistics(out_ / "stats");
  EXPECT_EQ(statistics.on_time() + statistics.late, lyon_.records + mexico_.records);
}

TEST(KafkaSink, WritesEmptyStationsAsTheCourseDoesAndDeltas) {
  if (const auto reason = KafkaServer::skip_reason(); !reason.empty()) GTEST_SKIP() << reason;
  KafkaServer server;
  server.create_topic("empty-stations", 2);
  server.create_topic("deltas", 2);
  const FleetRun run =
      run_fleet({"kafka.bootstrap.servers=" + server.bootstrap(), "bikes.sink=kafka",
                 "bikes.kafka.deltas=deltas", "bikes.speed=0", "bikes.sim.records=100000"});
  ASSERT_EQ(run.ended.exit_code, 0) << run.ended.err;
  std::map<std::string, std::set<std::int64_t>> empty;  // by city
  const auto stations = server.consume("empty-stations");
  EXPECT_FALSE(stations.empty());
  for (const auto& record : stations) {
    const auto json = nlohmann::json::parse(record.value);
    const auto city = json.at("city").get<std::string>();
    const auto id = json.at("station_id").get<std::int64_t>();
    EXPECT_EQ(record.key, city + "/" + std::to_string(id));
    EXPECT_TRUE(json.at("address").is_string());
    EXPECT_EQ(json.at("is_empty").get<bool>(), json.at("available_bikes").get<int>() == 0);
    json.at("is_empty").get<bool>() ? (void)empty[city].insert(id) : (void)empty[city].erase(id);
  }
  std::map<std::string, std::int64_t> bikes;  // by station
  for (const auto& record : server.consume("deltas")) {
    const auto json = nlohmann::json::parse(record.value);
    std::int64_t& at = bikes[*record.key];
    at += json.at("delta").get<std::int64_t>();
    ASSERT_EQ(at, json.at("bikes").get<std::int64_t>()) << record.value;
  }
  EXPECT_GT(bikes.size(), 100U);
}

TEST(KafkaSink, HasEachWindowOfTheStatisticsUnderItsCity) {
  if (const auto reason = KafkaServer::skip_reason(); !reason.empty()) GTEST_SKIP() << reason;
  KafkaServer server;
  server.create_topic("city-stats", 2);
  const Scratch out;
  const FleetRun run =
      run_fleet({"kafka.bootstrap.servers=" + server.bootstrap(),
                 "bikes.output=" + (out / "events"), "bikes.stats=" + (out / "stats"),
                 "bikes.stats.topic=city-stats", "bikes.speed=0", "bikes.sim.records=100000"});
  ASSERT_EQ(run.ended.exit_code, 0) << run.ended.err;
  const Statistics files = read_statistics(out / "stats");
  EXPECT_EQ(files.on_time() + files.late, 100'000);
  std::map<std::string, std::array<double, 3>> windows;
  for (const auto& record : server.consume("city-stats")) {
    const auto json = nlohmann::json::parse(record.value);
    const auto contract = json.at("contract").get<std::string>();
    EXPECT_EQ(record.key, contract);
    windows[contract + "/" + std::to_string(json.at("window_start").get<std::int64_t>())] = {
        json.at("available_stands").get<double>(), json.at("records").get<double>(),
        json.at("stations").get<double>()};
  }
  EXPECT_GT(windows.size(), 3U);
  EXPECT_EQ(windows, files.windows);
}

TEST(BikeIngest, RefusesToReadWhatItWrites) {
  const auto ended = support::run(call("bike_ingest", {"bikes.source=kafka"}));
  EXPECT_EQ(ended.exit_code, 2) << ended.err;
  EXPECT_THAT(ended.err, ::testing::HasSubstr("the records are in Kafka already"));
}

}  // namespace
}  // namespace rafale::bikes
