// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A whole local run, with a real plugin and a runtime that only pretends.

#include "worker/local/local_mode.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/worker/local/fake_runtime.h"
#include "tests/unit/worker/plugin/fixture.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class LocalMode : public testing::Test {
 protected:
  void SetUp() override {
    options.plugin = fixture("good");
    options.until_done = true;
    script.done_at = milliseconds(1500);
    setenv("XDG_STATE_HOME", "/state", 1);
    unsetenv("RAFALE_TEST_PLUGIN_UNLOADED");
  }

  int run() {
    FakeStopSource stop(script);
    const LocalModeWorld world{
        .clock = script.clock,
        .stop = stop,
        .start = [this](Topology topology,
                        LocalOptions with) -> absl::StatusOr<std::unique_ptr<LocalRuntime>> {
          if (!start_status.ok()) return start_status;
          config = topology.config;
          runtime_options = std::move(with);
          return std::make_unique<FakeRuntime>(script);
        },
        .print = [this](const std::string& line) { out.push_back(line); },
        .complain = [this](const std::string& line) { err.push_back(line); },
        .abandon = [this](int exit_code) { abandoned = exit_code; },
        .terminal = terminal};
    return run_local_mode(options, world);
  }

  LocalModeOptions options;
  Script script;
  bool terminal = false;
  absl::Status start_status;
  Config config;
  LocalOptions runtime_options;
  std::optional<int> abandoned;
  std::vector<std::string> out;
  std::vector<std::string> err;
};

TEST_F(LocalMode, PrintsOneLineAndSucceeds) {
  script.snapshot.totals.emitted = 5;
  script.snapshot.totals.acked = 5;
  EXPECT_EQ(run(), 0);
  EXPECT_THAT(out,
              ElementsAre("emitted 5 acked 5 failed 0 replayed 0 dead_lettered 0 elapsed 1.50s"));
  EXPECT_TRUE(err.empty());
  EXPECT_EQ(abandoned, std::nullopt);
}

TEST_F(LocalMode, GivesTheRuntimeBackBeforeTheLibrary) {
  run();
  EXPECT_TRUE(script.destroyed);
  EXPECT_STREQ(std::getenv("RAFALE_TEST_PLUGIN_UNLOADED"), "1");
}

TEST_F(LocalMode, PrintsJsonWhenAskedAndTellsTheTopology) {
  options.output = OutputFormat::json;
  EXPECT_EQ(run(), 0);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(nlohmann::json::parse(out[0])["topology"], "good");
  EXPECT_EQ(config.get<std::string>("rafale.output", ""), "json");
  EXPECT_EQ(config.get<bool>("rafale.tty", true), false);
}

TEST_F(LocalMode, TakesTheOutputFromASettingToo) {
  options.assignments = {"rafale.output=json"};
  terminal = true;
  run();
  EXPECT_THAT(out, ElementsAre(StartsWith("{")));
  EXPECT_EQ(config.get<bool>("rafale.tty", false), true);
}

TEST_F(LocalMode, LetsAnOptionWinOverASetting) {
  options.assignments = {"rafale.output=json", "rafale.tty=true"};
  options.output = OutputFormat::text;
  run();
  EXPECT_THAT(out, ElementsAre(StartsWith("emitted")));
  EXPECT_EQ(config.get<bool>("rafale.tty", false), true);
}

TEST_F(LocalMode, DrainsForTheTimeoutOfMessages) {
  options.assignments = {"topology.message.timeout.secs=2.5"};
  script.drain_takes = seconds(10);
  script.snapshot.totals.emitted = 5;
  script.snapshot.totals.pending = 5;
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(script.stops, ElementsAre(milliseconds(2500)));
  EXPECT_THAT(err, ElementsAre(StartsWith("rafale: 5 of 5 messages are neither acked nor")));
  EXPECT_THAT(out, ElementsAre(HasSubstr("elapsed 4.00s")));
  EXPECT_EQ(abandoned, 1) << "user code may still run";
}

TEST_F(LocalMode, SucceedsAfterASignalWhenAllDrained) {
  script.done_at = Script::kNever;
  script.stop_at = seconds(3);
  script.drain_takes = seconds(1);
  EXPECT_EQ(run(), 0);
  EXPECT_THAT(out, ElementsAre(HasSubstr("elapsed 4.00s")));
}

TEST_F(LocalMode, EndsWithoutAWordWhenNobodyReads) {
  script.done_at = Script::kNever;
  script.stop_at = seconds(3);
  script.cause = StopCause::output_closed;
  EXPECT_EQ(run(), 141);
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(err.empty());
  EXPECT_THAT(script.stops, ElementsAre(milliseconds(500)));
}

TEST_F(LocalMode, SaysWhereTheDeadLettersLie) {
  script.snapshot.totals.emitted = 2;
  script.snapshot.totals.acked = 1;
  script.snapshot.totals.dead_lettered = 1;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(runtime_options.dead_letter_dir, "/state/rafale/dead_letters/good");
  EXPECT_THAT(err,
              ElementsAre("1 dead letter in /state/rafale/dead_letters/good/dead_letters.jsonl"));
}

TEST_F(LocalMode, PutsDeadLettersWhereTheSettingSays) {
  options.assignments = {"topology.dead.letters.dir=/tmp/letters"};
  run();
  EXPECT_EQ(runtime_options.dead_letter_dir, "/tmp/letters");
}

TEST_F(LocalMode, PassesTheNumberOfThreadsOn) {
  options.threads = 2;
  run();
  EXPECT_EQ(runtime_options.threads, 2u);
}

TEST_F(LocalMode, IsAWrongCallForAnUnknownKey) {
  options.assignments = {"good.cuont=1"};
  EXPECT_EQ(run(), 2);
  EXPECT_THAT(err,
              ElementsAre("rafale: -c: unknown key \"good.cuont\"; did you mean \"good.count\"?"));
}

TEST_F(LocalMode, IsAWrongCallForAMissingFile) {
  options.plugin = "/nowhere/x.so";
  EXPECT_EQ(run(), 2);
  EXPECT_THAT(err, ElementsAre(StartsWith("rafale: there is no file '/nowhere/x.so'")));
  err.clear();
  options.config_file = "/nowhere.yaml";
  EXPECT_EQ(run(), 2);
  EXPECT_THAT(err, ElementsAre(StartsWith("rafale: cannot read '/nowhere.yaml'")));
}

TEST_F(LocalMode, FailsForAPluginThatDoesNotFit) {
  options.plugin = fixture("wrong_abi");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(err, ElementsAre(HasSubstr("rebuild it")));
}

TEST_F(LocalMode, ListsAllMistakesOfATopology) {
  options.plugin = fixture("invalid");
  EXPECT_EQ(run(), 1);
  ASSERT_GE(err.size(), 2u);
  for (const std::string& line : err) EXPECT_THAT(line, StartsWith("rafale: "));
}

TEST_F(LocalMode, FailsWhenTheTopologyDoesNotStart) {
  start_status = absl::FailedPreconditionError("bolt \"print\" failed in prepare(): no disk");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(err, ElementsAre("rafale: bolt \"print\" failed in prepare(): no disk"));
  start_status = absl::InvalidArgumentError("too many threads");
  EXPECT_EQ(run(), 2);
}

TEST_F(LocalMode, NotesSettingsWithoutEffect) {
  options.assignments = {"worker.childopts=-Xmx1g"};
  EXPECT_EQ(run(), 0);
  EXPECT_THAT(err, ElementsAre(AllOf(StartsWith("note: -c: worker.childopts:"), HasSubstr("JVM"))));
}

}  // namespace
}  // namespace rafale::worker
