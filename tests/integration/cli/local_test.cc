// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// rafale local with the real runtime: results, exit codes, and what goes to which stream.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/integration/cli/plugins.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace rafale::support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class Local : public testing::Test {
 protected:
  // Runs `rafale local lines.so` with these arguments, its state in a scratch directory.
  Ended run_lines(std::vector<std::string> arguments, bool terminal = false) const {
    arguments.insert(arguments.begin(), {"rafale", "local", plugin("cli_lines")});
    return run(arguments, {.environment = {{"XDG_STATE_HOME", scratch.path()},
                                           {"RAFALE_CONFIG", ""},
                                           {"TERM", "xterm"}},
                           .terminal = terminal});
  }
  Scratch scratch;
};

TEST_F(Local, EndsWhenEverythingIsAcked) {
  const Ended ended = run_lines({"--until-done"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, MatchesRegex("emitted 10 acked 10 failed 0 replayed 0 dead_lettered 0 "
                                      "elapsed [0-9]+[.][0-9][0-9]s\n"));
  EXPECT_EQ(ended.err, "");
}

TEST_F(Local, EndsAfterItsTime) {
  const Ended ended = run_lines({"--for", "50ms", "-c", "lines.endless=true", "--threads=1"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, StartsWith("emitted "));
  EXPECT_EQ(ended.err, "");
}

TEST_F(Local, PrintsTheTopologysLinesBeforeTheLastOne) {
  const Ended ended = run_lines({"--until-done", "-c", "lines.way=print", "-c", "lines.count=3"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, StartsWith("line 0\nline 1\nline 2\nemitted 3 acked 3 "));
}

TEST_F(Local, HasNothingButJsonOnStandardOutputIfAsked) {
  const Ended ended = run_lines({"--until-done", "-o", "json", "--stats", "10ms", "-c",
                                 "lines.way=report", "-c", "worker.childopts=x"});
  EXPECT_EQ(ended.exit_code, 0);
  ASSERT_EQ(lines_of(ended.out).size(), 1u) << ended.out;
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json["topology"], "lines");
  EXPECT_EQ(json["emitted"], 10);
  EXPECT_EQ(json["acked"], 10);
  EXPECT_EQ(json["pending"], 0);
  ASSERT_EQ(json["components"].size(), 2u);
  EXPECT_EQ(json["components"][1]["id"], "sink");
  EXPECT_EQ(json["components"][1]["executed"], 10);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("note: -c: worker.childopts"), HasSubstr("[sink"),
                               HasSubstr("is odd")));
}

TEST_F(Local, PrintsStatisticsToStandardError) {
  const Ended ended = run_lines({"--for", "150ms", "--stats", "50ms", "-c", "lines.endless=true"});
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("  component "), HasSubstr("\n  numbers "), HasSubstr("  emitted ")));
  EXPECT_EQ(lines_of(ended.out).size(), 1u);
}

TEST_F(Local, TellsTheTopologyHowToPrint) {
  const std::vector<std::string> settings{"--until-done", "-c", "lines.way=settings"};
  EXPECT_THAT(run_lines(settings).out, StartsWith("output text tty 0\n"));
  std::vector<std::string> json = settings;
  json.insert(json.end(), {"-o", "json"});
  EXPECT_THAT(run_lines(json).out, StartsWith("output json tty 0\n"));
  EXPECT_THAT(run_lines(settings, true).out, StartsWith("output text tty 1\r\n"));
}

TEST_F(Local, FailsWhenMessagesFailedForGood) {
  const Ended ended = run_lines({"--until-done", "-c", "lines.way=fail"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.out, StartsWith("emitted 10 acked 0 failed 10 "));
  EXPECT_THAT(ended.err, HasSubstr("rafale: 10 of 10 messages failed and were not emitted again"));
}

TEST_F(Local, FailsWhenTheTopologyDoesNotDrain) {
  const Ended ended = run_lines({"--for", "10ms", "-c", "lines.way=hold", "-c",
                                 "topology.message.timeout.secs=0.2", "-c", "lines.count=3"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, StartsWith("rafale: 3 of 3 messages "));
}

TEST_F(Local, EndsEvenIfUserCodeDoesNot) {
  const Ended ended = run_lines({"--for", "10ms", "-c", "lines.way=stuck", "-c",
                                 "topology.message.timeout.secs=0.1", "-c", "lines.count=1"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.out, StartsWith("emitted 1 acked 0 "));
  EXPECT_THAT(ended.err, HasSubstr("rafale: 1 of 1 messages "));
}

TEST_F(Local, SaysWhereDeadLettersLie) {
  const Ended ended = run_lines({"--until-done", "-c", "lines.way=dead", "-c", "lines.count=2"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, StartsWith("emitted 2 acked 0 failed 0 replayed 0 dead_lettered 2 "));
  const std::string file = scratch / "rafale/dead_letters/lines/dead_letters.jsonl";
  EXPECT_EQ(ended.err, "2 dead letters in " + file + "\n");
  EXPECT_EQ(lines_of(read_file(file)).size(), 2u);
}

TEST_F(Local, TakesSettingsFromFileAndCommandLine) {
  write_file(scratch / "lines.yaml", "lines:\n  count: 5\n  way: fail\n");
  const Ended ended =
      run_lines({"--config", scratch / "lines.yaml", "-c", "lines.way=quiet", "--until-done"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, StartsWith("emitted 5 acked 5 "));
}

TEST_F(Local, IsAWrongCallForAWrongSetting) {
  const Ended unknown = run_lines({"-c", "lines.cuont=5", "--until-done"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_EQ(unknown.out, "");
  EXPECT_EQ(unknown.err,
            "rafale: -c: unknown key \"lines.cuont\"; did you mean \"lines.count\"?\n");
  write_file(scratch / "lines.yaml", "lines:\n  count: five\n");
  const Ended mistyped = run_lines({"--config", scratch / "lines.yaml"});
  EXPECT_EQ(mistyped.exit_code, 2);
  EXPECT_THAT(mistyped.err,
              StartsWith("rafale: " + scratch.path() + "/lines.yaml:2:3: lines.count: "));
  EXPECT_EQ(run_lines({"-c", "lines.count"}).exit_code, 2);
  EXPECT_EQ(run_lines({"--config", "/nowhere.yaml"}).exit_code, 2);
}

TEST_F(Local, FailsWhenAComponentCannotBePrepared) {
  const Ended ended = run_lines({"--until-done", "-c", "lines.way=refuse"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, AllOf(StartsWith("rafale: "), HasSubstr("sink"), HasSubstr("no disk")));
}

TEST_F(Local, TakesAPluginWhoseNameBeginsWithADash) {
  std::filesystem::copy_file(plugin("cli_lines"), scratch / "-x.so");
  const Ended ended =
      run({"rafale", "local", "--until-done", "--", "-x.so"}, {.directory = scratch.path()});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

}  // namespace
}  // namespace rafale::support
