// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Real logs against their oracles: from a file, through Kafka, with failures, and killed in the
// middle.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/kafka_server.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"
#include "tests/support/shared_data.h"

namespace rafale::visits {
namespace {

using nlohmann::json;
using support::KafkaServer;
using support::Scratch;
using ::testing::SizeIs;
using Counts = std::map<std::string, std::int64_t>;

constexpr const char* kElastic = "weblogs/elastic-apache_logs";
constexpr const char* kDatabricks = "weblogs/databricks-apache-2004";

json oracle(const std::string& log) {
  std::ifstream in(support::shared_data(log + ".oracle.json"));
  return json::parse(in);
}

/// The counts of all tasks in DIR/NAME-*.json.
Counts read_counts(const std::string& directory, const std::string& name) {
  Counts counts;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(name + "-") || !file.ends_with(".json")) continue;
    const json saved = json::parse(support::read_file(entry.path().string()));
    for (const auto& [key, count] : saved.at("counts").items()) {
      counts[key] += count.get<std::int64_t>();
    }
  }
  return counts;
}

std::int64_t sum(const Counts& counts) {
  std::int64_t all = 0;
  for (const auto& [key, count] : counts) all += count;
  return all;
}

/// `times` says how often the whole log was read.
void expect_oracle(const std::string& directory, const json& oracle, std::int64_t times = 1) {
  const Counts pages = read_counts(directory, "pages");
  const Counts users = read_counts(directory, "users");
  const Counts minutes = read_counts(directory, "minutes");
  EXPECT_THAT(pages, SizeIs(oracle.at("distinct_pages")));
  EXPECT_THAT(users, SizeIs(oracle.at("distinct_users")));
  EXPECT_THAT(minutes, SizeIs(oracle.at("minutes")));
  for (const Counts& counts : {pages, users, minutes}) {
    EXPECT_EQ(sum(counts), oracle.at("ok").get<std::int64_t>() * times);
  }
  for (const auto& [part, top] : {std::pair{&pages, "top_pages"}, std::pair{&users, "top_users"}}) {
    for (const json& pair : oracle.at(top)) {
      EXPECT_EQ(part->at(pair[0]), pair[1].get<std::int64_t>() * times) << pair[0];
    }
  }
  const json& busiest = oracle.at("busiest_minute");
  EXPECT_EQ(minutes.at(busiest[0]), busiest[1].get<std::int64_t>() * times);
}

std::vector<std::string> call(const std::vector<std::string>& settings) {
  const char* programs = std::getenv("RAFALE_BIN_DIR");
  std::vector<std::string> all{
      "rafale",
      "local",
      std::string(programs == nullptr ? "." : programs) + "/page_visits.so",
      "--until-done",
      "-o",
      "json"};
  for (const std::string& setting : settings) {
    all.emplace_back("-c");
    all.push_back(setting);
  }
  return all;
}

class PageVisits : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* log : {kElastic, kDatabricks}) {
      RAFALE_NEEDS_SHARED_DATA(std::string(log) + ".log");
    }
  }
  std::string out() const { return dir_ / "out"; }
  static std::string file(const std::string& log) { return support::shared_data(log + ".log"); }

  const Scratch dir_;
};

TEST_F(PageVisits, CountAsTheOraclesOfBothLogs) {
  for (const char* log : {kElastic, kDatabricks}) {
    for (const char* parallelism : {"1", "3"}) {
      const Scratch dir;
      const auto ended =
          support::run(call({"visits.file=" + file(log), "visits.output=" + (dir / "out"),
                             std::string("visits.parallelism=") + parallelism}));
      ASSERT_EQ(ended.exit_code, 0) << ended.err;
      const json wanted = oracle(log);
      expect_oracle(dir / "out", wanted);
      EXPECT_THAT(support::lines_of(support::read_file(dir / "out/dead_letters.jsonl")),
                  SizeIs(wanted.at("malformed")));
    }
  }
}

TEST_F(PageVisits, CountEachVisitOnceHoweverOftenItIsRepeated) {
  const auto ended = support::run(
      call({"visits.file=" + file(kElastic), "visits.output=" + out(), "visits.fail=0.1",
            "visits.parallelism=2", "topology.replay.backoff.ms=10"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_GT(json::parse(support::lines_of(ended.out).back()).at("replayed"), 500);
  expect_oracle(out(), oracle(kElastic));
}

TEST_F(PageVisits, GoOnAtTheirPositionAfterKillNineAndCountRight) {
  // The log some times over, so that there is a middle to be killed in.
  constexpr int kTimes = 8;
  const std::string log = support::read_file(file(kElastic));
  std::ofstream many(dir_ / "many.log");
  for (int i = 0; i < kTimes; ++i) many << log;
  many.close();
  const std::vector<std::string> settings{
      "visits.file=" + (dir_ / "many.log"), "visits.output=" + out(),
      "source.position=" + (dir_ / "position"), "visits.parallelism=2",
      "topology.max.spout.pending=5000"};
  std::int64_t before = 0;
  {
    support::Process first(call(settings));
    while (before < 20'000) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      before = std::filesystem::exists(out()) ? sum(read_counts(out(), "pages")) : 0;
    }
    first.signal(SIGKILL);
    ASSERT_EQ(first.wait().exit_code, 128 + SIGKILL);
  }
  before = sum(read_counts(out(), "pages"));
  const json wanted = oracle(kElastic);
  ASSERT_LT(before, wanted.at("ok").get<std::int64_t>() * kTimes) << "it was done already";
  const auto second = support::run(call(settings));
  ASSERT_EQ(second.exit_code, 0) << second.err;
  expect_oracle(out(), wanted, kTimes);
  EXPECT_LT(json::parse(support::lines_of(second.out).back()).at("emitted").get<std::int64_t>(),
            wanted.at("lines").get<std::int64_t>() * kTimes)
      << "it began anew";
}

TEST_F(PageVisits, FollowALogAcrossRotationsAndKillNine) {
  const auto lines = support::lines_of(support::read_file(file(kElastic)));
  const std::string log = dir_ / "access.log";
  const auto write = [&](std::size_t from, std::size_t to) {
    std::ofstream out_file(log, std::ios::app);
    for (std::size_t i = from; i < to; ++i) out_file << lines[i] << '\n';
  };
  const auto counted = [&] {
    return std::filesystem::exists(out()) ? sum(read_counts(out(), "users")) : 0;
  };
  const auto wait_for = [&](std::int64_t visits) {
    for (int i = 0; i < 1500 && counted() < visits; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return counted();
  };
  const std::vector<std::string> settings{"visits.file=" + log, "visits.output=" + out(),
                                          "visits.follow=true",
                                          "source.position=" + (dir_ / "position")};
  {
    support::Process first(call(settings));
    write(0, 2000);
    EXPECT_EQ(wait_for(2000), 2000);
    std::filesystem::rename(log, log + ".1");
    write(2000, 4000);
    EXPECT_EQ(wait_for(4000), 4000);
    write(4000, 5000);
    first.signal(SIGKILL);
    first.wait();
  }
  // While nobody reads, it grows and is rotated twice.
  write(5000, 6000);
  std::filesystem::rename(log + ".1", log + ".2");
  std::filesystem::rename(log, log + ".1");
  write(6000, lines.size());
  support::Process second(call(settings));
  const json wanted = oracle(kElastic);
  EXPECT_EQ(wait_for(wanted.at("ok")), wanted.at("ok"));
  second.signal(SIGINT);
  EXPECT_EQ(second.wait().exit_code, 0);
  expect_oracle(out(), wanted);
}

TEST_F(PageVisits, CountWhatComesThroughKafka) {
  if (const auto reason = KafkaServer::skip_reason(); !reason.empty()) GTEST_SKIP() << reason;
  KafkaServer server;
  server.create_topic("page-visits", 3);
  std::vector<support::TopicRecord> records;
  for (const std::string& line : support::lines_of(support::read_file(file(kElastic)))) {
    records.push_back({.key = {}, .value = line});
  }
  server.produce("page-visits", records);
  const auto ended = support::run(
      call({"visits.source=kafka", "kafka.bootstrap.servers=" + server.bootstrap(),
            "kafka.until.end=true", "visits.output=" + out(), "visits.parallelism=2"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  expect_oracle(out(), oracle(kElastic));
}

}  // namespace
}  // namespace rafale::visits
