// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// describe and validate: what a plugin is made of, told by a process that survives it.

#include <filesystem>
#include <string>

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
using testing::StartsWith;

TEST(Describe, ShowsTheGraphAsText) {
  const Ended ended = run({"rafale", "describe", plugin("fixture_good"), "-c", "good.count=7"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(ended.out,
            "topology good\n"
            "\n"
            "numbers  spout, 1 executor\n"
            "  -> default  (n int64)\n"
            "  -> odd  (n int64, why string)\n"
            "\n"
            "print  bolt, 2 executors\n"
            "  <- numbers  shuffle\n"
            "  <- numbers.odd  fields(n)\n"
            "\n"
            "options of this topology, set with -c KEY=VALUE:\n"
            "  good.count = 7      how many numbers (default 3)\n"
            "  good.city = \"lyon\"  the city\n"
            "\n"
            "settings:\n"
            "  topology.max.attempts = 2\n");
}

TEST(Describe, ShowsTheGraphAsJsonAndDot) {
  const Ended json = run({"rafale", "describe", "-o", "json", plugin("fixture_good")});
  EXPECT_EQ(nlohmann::json::parse(json.out)["components"][0]["name"], "numbers");
  const Ended dot = run({"rafale", "describe", "--output=dot", plugin("fixture_good")});
  EXPECT_THAT(dot.out, AllOf(StartsWith("digraph \"good\" {"),
                             HasSubstr("\"numbers\" -> \"print\" [label=\"shuffle\"]")));
}

TEST(Describe, SurvivesAPluginThatCrashes) {
  const Ended ended = run({"rafale", "describe", plugin("fixture_crashes")});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, AllOf(StartsWith("rafale: '"), HasSubstr("crashed with SIGABRT"),
                               HasSubstr("gdb --args")));
}

TEST(Describe, KeepsWhatAPluginPrintsOutOfItsResult) {
  const Ended ended = run({"rafale", "describe", plugin("fixture_exits"), "-o", "json"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("good bye"), HasSubstr("ended the process (exit code 3)")));
}

TEST(Describe, RefusesAPluginOfAnotherAbi) {
  const Ended ended = run({"rafale", "describe", plugin("fixture_wrong_abi")});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("rebuild it with the headers of this rafale"));
}

TEST(Validate, SaysOk) {
  const Ended ended = run({"rafale", "validate", plugin("fixture_good")});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.out, "ok: good, 2 components, 3 tasks, 2 streams\n");
}

TEST(Validate, ListsAllMistakesOfATopology) {
  const Ended ended = run({"rafale", "validate", plugin("fixture_invalid")});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, AllOf(HasSubstr("rafale: the weather is bad\n"), HasSubstr("nobody")));
}

TEST(Validate, NamesThePlaceOfAWrongSetting) {
  const Scratch scratch;
  const std::string file = scratch / "fleet.yaml";
  write_file(file, "good:\n  cuont: 3\ntopology.workers: many\n");
  const Ended ended = run({"rafale", "validate", plugin("fixture_good"), "--config", file});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("rafale: " + file +
                              ":2:3: unknown key \"good.cuont\"; did you mean \"good.count\"?\n"),
                    HasSubstr("rafale: " + file + ":3:1: topology.workers: expected int64")));
}

TEST(Validate, TakesTheFileFromTheEnvironment) {
  const Scratch scratch;
  const std::string file = scratch / "fleet.yaml";
  write_file(file, "good.cuont: 3\n");
  const ProcessOptions options{.environment = {{"RAFALE_CONFIG", file}}};
  EXPECT_EQ(run({"rafale", "validate", plugin("fixture_good")}, options).exit_code, 2);
  EXPECT_EQ(run({"rafale", "validate", plugin("fixture_good"), "--config", ""}, options).exit_code,
            0);
}

TEST(Validate, SpeaksJson) {
  const auto good =
      nlohmann::json::parse(run({"rafale", "validate", plugin("fixture_good"), "-o", "json"}).out);
  EXPECT_EQ(good["ok"], true);
  const Ended ended = run({"rafale", "validate", plugin("fixture_invalid"), "-o", "json"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.err, "");
  const auto bad = nlohmann::json::parse(ended.out);
  EXPECT_EQ(bad["ok"], false);
  EXPECT_EQ(bad["mistakes"][0], "the weather is bad");
}

TEST(Validate, NotesSettingsWithoutEffect) {
  const Ended ended =
      run({"rafale", "validate", plugin("fixture_good"), "-c", "worker.childopts=-Xmx1g"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, StartsWith("note: -c: worker.childopts: "));
}

TEST(Validate, IsAWrongCallForAMissingPlugin) {
  const Ended ended = run({"rafale", "validate", "fixture_god.so"},
                          {.directory = std::filesystem::path(plugin("x")).parent_path()});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("did you mean 'fixture_good.so'?"));
}

TEST(Programs, AreMissedByName) {
  const Scratch scratch;
  const char* build = std::getenv("RAFALE_BIN_DIR");
  ASSERT_NE(build, nullptr);
  std::filesystem::copy_file(std::string(build) + "/rafale", scratch / "rafale");
  const ProcessOptions options{.environment = {{"LD_LIBRARY_PATH", build}}};
  for (const char* verb : {"validate", "local"}) {
    const Ended ended = run({scratch / "rafale", verb, plugin("fixture_good")}, options);
    EXPECT_EQ(ended.exit_code, 1);
    EXPECT_THAT(ended.err, AllOf(StartsWith("rafale: cannot start '" + scratch.path()),
                                 HasSubstr("it belongs beside rafale")));
  }
}

}  // namespace
}  // namespace rafale::support
