// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Ctrl-C once, Ctrl-C twice, and a reader that leaves.

#include <signal.h>

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

using testing::HasSubstr;

constexpr char kAnnouncement[] = "stopping; press Ctrl-C again to end at once\n";

std::vector<std::string> endless(const std::string& way) {
  return {"rafale", "local",           plugin("cli_lines"), "-c", "lines.endless=true",
          "-c",     "lines.way=" + way};
}

TEST(Signals, FirstOneDrainsAndReports) {
  for (const int number : {SIGINT, SIGTERM}) {
    std::vector<std::string> arguments = endless("print");
    arguments.insert(arguments.end(), {"-o", "json"});
    Process process(arguments);
    process.wait_for_out("line 20\n");
    process.signal(number);
    const Ended ended = process.wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.err, kAnnouncement);
    const auto json = nlohmann::json::parse(lines_of(ended.out).back());
    EXPECT_GT(json["emitted"], 20);
    EXPECT_EQ(json["acked"], json["emitted"]);
    EXPECT_EQ(json["pending"], 0);
  }
}

TEST(Signals, FirstOneEndsARunThatWaitsForItsEndToo) {
  std::vector<std::string> arguments = endless("print");
  arguments.emplace_back("--until-done");
  Process process(arguments);
  process.wait_for_out("line 1\n");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 0);
}

TEST(Signals, SecondOneEndsAtOnce) {
  Process process(endless("hold"));
  process.wait_for_out("holding\n");
  process.signal(SIGINT);
  process.wait_for_err(kAnnouncement);
  process.signal(SIGINT);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit_code, 130);
  EXPECT_EQ(ended.out, "holding\n");
  EXPECT_EQ(ended.err, kAnnouncement);
}

TEST(Signals, SecondOneMakesTheCursorOfATerminalVisible) {
  Process process(endless("hold"), {.environment = {{"TERM", "xterm"}}, .terminal = true});
  process.wait_for_out("holding\r\n");
  process.signal(SIGINT);
  process.wait_for_out("at once\r\n");
  process.signal(SIGTERM);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit_code, 143);
  EXPECT_THAT(ended.out, HasSubstr("\x1b[?25h"));
}

TEST(ClosedOutput, EndsTheRunWithoutAWord) {
  Process process(endless("print"));
  process.wait_for_out("line 5\n");
  process.close_out();
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit_code, 141);
  EXPECT_EQ(ended.err, "");
}

}  // namespace
}  // namespace rafale::support
