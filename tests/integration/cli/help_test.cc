// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Help, versions, and the hints for what is misspelt.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace rafale::support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> kVerbs{"local", "describe", "validate", "version", "help"};

TEST(Help, OfEachVerbHasUsageAndExamplesOnStandardOutput) {
  for (const std::string& verb : kVerbs) {
    const Ended direct = run({"rafale", verb, "--help"});
    EXPECT_EQ(direct.exit_code, 0) << verb;
    EXPECT_THAT(direct.out, AllOf(StartsWith("usage: rafale " + verb), HasSubstr("\nexamples:\n")));
    EXPECT_EQ(direct.err, "");
    EXPECT_EQ(run({"rafale", "help", verb}).out, direct.out);
    EXPECT_EQ(run({"rafale", verb, "-h"}).out, direct.out);
  }
}

TEST(Help, ListsTheVerbs) {
  const Ended ended = run({"rafale", "help"});
  EXPECT_EQ(ended.exit_code, 0);
  for (const std::string& verb : kVerbs) EXPECT_THAT(ended.out, HasSubstr("\n  " + verb));
  EXPECT_EQ(run({"rafale", "--help"}).out, ended.out);
}

TEST(Help, ListsTheSettingsOfTheRuntime) {
  const Ended ended = run({"rafale", "help", "settings"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("topology.message.timeout.secs"), HasSubstr("default 30")));
}

TEST(Help, GoesToStandardErrorIfNothingWasAsked) {
  const Ended ended = run({"rafale"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, StartsWith("usage: rafale"));
}

TEST(Version, IsShownAsTextAndJson) {
  const Ended text = run({"rafale", "version"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.out, AllOf(StartsWith("rafale 0."), HasSubstr("ABI 2")));
  EXPECT_EQ(run({"rafale", "--version"}).out, text.out);
  const auto json = nlohmann::json::parse(run({"rafale", "version", "-o", "json"}).out);
  EXPECT_EQ(json["abi"], 2);
  EXPECT_THAT(text.out, HasSubstr(json["version"].get<std::string>()));
}

struct WrongCall {
  std::vector<std::string> arguments;
  std::string complaint;
};

TEST(WrongCalls, ExitWithTwoAndAHint) {
  const std::vector<WrongCall> calls{
      {{"lokal"}, "there is no verb 'lokal'; did you mean 'rafale local'?"},
      {{"frobnicate"}, "there is no verb 'frobnicate'; 'rafale help' lists what there is"},
      {{"help", "descibe"},
       "help has no text about 'descibe'; did you mean 'rafale help describe'?"},
      {{"local"}, "local needs a PLUGIN.so; see 'rafale help local'"},
      {{"local", "x.so", "--fro", "1"},
       "local has no option --fro; did you mean --for? See 'rafale help local'"},
      {{"local", "x.so", "-for", "1"}, "local has no option -for; did you mean --for? See"},
      {{"local", "x.so", "--zzzzzz"}, "local has no option --zzzzzz; see 'rafale help local'"},
      {{"local", "x.so", "--for"}, "--for needs a value"},
      {{"local", "x.so", "--for", "soon"}, "--for takes a time such as 20s, 500ms, 2m or 1h30m"},
      {{"local", "x.so", "--for", "-5s"}, "--for takes a time"},
      {{"local", "x.so", "--stats", "x"}, "--stats takes a time"},
      {{"local", "x.so", "--threads", "many"}, "--threads takes a number from 1 to 4096"},
      {{"local", "x.so", "-o", "jsn"}, "-o takes text or json, not 'jsn'; did you mean json? See"},
      {{"local", "x.so", "--log-level", "loud"}, "--log-level takes trace or debug or"},
      {{"local", "x.so", "y.so"}, "'y.so' is one argument too many"},
      {{"describe", "x.so", "-o", "svg"}, "-o takes text or json or dot, not 'svg'"},
      {{"version", "now"}, "'now' is one argument too many"},
  };
  for (const WrongCall& call : calls) {
    std::vector<std::string> arguments{"rafale"};
    arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.exit_code, 2) << call.complaint;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, StartsWith("rafale: " + call.complaint));
    EXPECT_EQ(ended.err.find('\n'), ended.err.size() - 1) << "one line";
  }
}

TEST(WrongCalls, AreRefusedByTheWorkerToo) {
  EXPECT_EQ(run({"rafale-worker"}).exit_code, 2);
  EXPECT_THAT(run({"rafale-worker", "fly"}).err,
              AllOf(StartsWith("rafale-worker: "), HasSubstr("started by rafale")));
  EXPECT_EQ(run({"rafale-worker", "local", "x.so", "--for", "1"}).exit_code, 2);
}

TEST(Colours, AreForTerminalsAndForThoseWhoWantThem) {
  const std::map<std::string, std::string> plain{{"TERM", "xterm"}, {"NO_COLOR", ""}};
  EXPECT_THAT(run({"rafale", "lokal"}, {.environment = plain}).err, Not(HasSubstr("\x1b")));
  const std::string coloured =
      run({"rafale", "lokal"}, {.environment = plain, .terminal = true}).out;
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31mrafale:"));
  const std::map<std::string, std::string> colourless{{"TERM", "xterm"}, {"NO_COLOR", "1"}};
  EXPECT_THAT(run({"rafale", "lokal"}, {.environment = colourless, .terminal = true}).out,
              Not(HasSubstr("\x1b")));
}

TEST(Output, ThatCannotBeWrittenIsAFailure) {
  const Ended full = run({"/bin/sh", "-c", "\"$RAFALE_BIN_DIR\"/rafale help > /dev/full"});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, HasSubstr("No space left on device"));
}

TEST(Output, MayBeCutShortByItsReader) {
  const Ended cut =
      run({"/bin/bash", "-c",
           "trap '' PIPE; set -o pipefail; \"$RAFALE_BIN_DIR\"/rafale help settings | "
           "head -c 1 > /dev/null; exit ${PIPESTATUS[0]}"});
  EXPECT_THAT(cut.exit_code, testing::AnyOf(0, 141));
  EXPECT_EQ(cut.err, "");
}

}  // namespace
}  // namespace rafale::support
