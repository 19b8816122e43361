// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Each reason to end a run, in simulated time.

#include "worker/local/watch.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/local/fake_runtime.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Watch : public testing::Test {
 protected:
  RunEnd run(const WatchOptions& options) {
    FakeRuntime runtime(script);
    FakeStopSource stop(script);
    return watch(runtime, options, script.clock, stop);
  }
  Script script;
};

TEST_F(Watch, EndsWhenTheTimeIsOver) {
  EXPECT_EQ(run({.run_for = seconds(20)}), RunEnd::time_over);
  EXPECT_EQ(script.now(), seconds(20));
}

TEST_F(Watch, EndsAtOnceWhenThereIsNoTime) {
  EXPECT_EQ(run({.run_for = milliseconds(0)}), RunEnd::time_over);
  EXPECT_EQ(script.now(), seconds(0));
}

TEST_F(Watch, EndsWhenEverythingIsDone) {
  script.done_at = milliseconds(1234);
  EXPECT_EQ(run({.until_done = true}), RunEnd::done);
  EXPECT_EQ(script.now(), milliseconds(1234));
}

TEST_F(Watch, DoesNotEndWhenDoneUnlessAsked) {
  script.done_at = milliseconds(1);
  script.stop_at = seconds(300);
  EXPECT_EQ(run({}), RunEnd::signal);
  EXPECT_EQ(script.now(), seconds(300));
}

TEST_F(Watch, EndsWithWhicheverComesFirst) {
  script.done_at = seconds(5);
  EXPECT_EQ(run({.run_for = seconds(3), .until_done = true}), RunEnd::time_over);
  EXPECT_EQ(script.now(), seconds(3));
  EXPECT_EQ(run({.run_for = seconds(30), .until_done = true}), RunEnd::done);
}

TEST_F(Watch, NoticesASignalWhileItWaitsForTheEnd) {
  script.stop_at = milliseconds(1010);
  EXPECT_EQ(run({.until_done = true}), RunEnd::signal);
  EXPECT_LE(script.now(), milliseconds(1060));
}

TEST_F(Watch, TellsAClosedOutputFromASignal) {
  script.stop_at = seconds(1);
  script.cause = StopCause::output_closed;
  EXPECT_EQ(run({}), RunEnd::output_closed);
}

TEST_F(Watch, PrintsStatisticsAtTheirInterval) {
  std::vector<milliseconds> printed;
  WatchOptions options{.run_for = seconds(10), .stats_every = seconds(3)};
  options.print_stats = [&](const std::string&) { printed.push_back(script.now()); };
  run(options);
  EXPECT_THAT(printed, testing::ElementsAre(seconds(3), seconds(6), seconds(9)));
}

TEST_F(Watch, PrintsStatisticsWhileItWaitsForTheEnd) {
  script.done_at = seconds(7);
  int printed = 0;
  run({.until_done = true, .stats_every = seconds(2), .print_stats = [&](const std::string&) {
         ++printed;
       }});
  EXPECT_EQ(printed, 3);
}

}  // namespace
}  // namespace rafale::worker
