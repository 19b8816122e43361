// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The last line of a run, and what is said of messages that are left.

#include "worker/local/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rafale::worker {
namespace {

using testing::HasSubstr;

RunResult sample() {
  RunResult result;
  result.topology = "bikes";
  result.elapsed = std::chrono::milliseconds(2314);
  TopologyStats& totals = result.snapshot.totals;
  totals.emitted = 1041089;
  totals.acked = 1041086;
  totals.dead_lettered = 3;
  totals.failed = 12;
  totals.replayed = 12;
  totals.complete_latency_p50_ms = 1.23456;
  totals.complete_latency_p99_ms = 8;
  ComponentCounts spout;
  spout.id = "feed";
  spout.spout = true;
  spout.tasks = 1;
  spout.streams = {{"default", 1041089, 1041089}};
  spout.failed[2] = 12;
  ComponentCounts bolt;
  bolt.id = "parse";
  bolt.executed = 7;
  bolt.user = {{"stale", 4}};
  bolt.last_error = "bad \"number\"";
  result.snapshot.components = {spout, bolt};
  return result;
}

TEST(Report, IsOneLineOfText) {
  EXPECT_EQ(result_text(sample()),
            "emitted 1041089 acked 1041086 failed 12 replayed 12 dead_lettered 3 elapsed 2.31s");
}

TEST(Report, IsOneLineOfJson) {
  const std::string line = result_json(sample());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["topology"], "bikes");
  EXPECT_EQ(json["emitted"], 1041089);
  EXPECT_EQ(json["pending"], 0);
  EXPECT_EQ(json["elapsed_s"], 2.314);
  EXPECT_EQ(json["rate"], 449908.0);
  EXPECT_EQ(json["complete_latency_ms"]["p50"], 1.235);
  ASSERT_EQ(json["components"].size(), 2u);
  EXPECT_EQ(json["components"][0]["kind"], "spout");
  EXPECT_EQ(json["components"][0]["failed"]["exception"], 12);
  EXPECT_EQ(json["components"][0]["streams"][0]["emitted"], 1041089);
  EXPECT_EQ(json["components"][1]["user"]["stale"], 4);
  EXPECT_EQ(json["components"][1]["last_error"], "bad \"number\"");
}

TEST(Report, OfARunWithoutAnythingHasNoRate) {
  const auto json = nlohmann::json::parse(result_json({}));
  EXPECT_EQ(json["rate"], 0.0);
  EXPECT_TRUE(json["components"].empty());
}

TEST(Report, IsASuccessWhenNothingIsLeft) {
  EXPECT_EQ(exit_code(sample()), 0);
  EXPECT_EQ(leftover_text(sample()), "");
}

TEST(Report, IsAFailureWhenTheDrainTookTooLong) {
  RunResult result = sample();
  result.drained = false;
  result.snapshot.totals.acked -= 5;
  result.snapshot.totals.pending = 5;
  EXPECT_EQ(exit_code(result), 1);
  EXPECT_THAT(leftover_text(result), HasSubstr("5 of 1041089 messages are neither"));
}

TEST(Report, IsAFailureWhenMessagesFailedForGood) {
  RunResult result = sample();
  result.snapshot.totals.acked -= 2;
  EXPECT_EQ(exit_code(result), 1);
  EXPECT_THAT(leftover_text(result), HasSubstr("2 of 1041089 messages failed and were not"));
}

}  // namespace
}  // namespace rafale::worker
