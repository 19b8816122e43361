// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What help promises, the verbs take.

#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/help.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Verbs, AreFoundByName) {
  EXPECT_EQ(find_verb("local"), &kLocal);
  EXPECT_EQ(find_verb("Local"), nullptr);
  for (const Verb* verb : verbs()) EXPECT_THAT(overview(), HasSubstr(std::string(verb->name)));
}

TEST(Verbs, HaveHelpThatFitsATerminal) {
  for (const Verb* verb : verbs()) {
    const std::string help(verb->help);
    EXPECT_THAT(help, StartsWith("usage: rafale " + std::string(verb->name)));
    EXPECT_THAT(help, HasSubstr("\nexamples:\n  rafale " + std::string(verb->name)));
    for (std::size_t at = 0; at < help.size();) {
      const std::size_t end = help.find('\n', at);
      ASSERT_NE(end, std::string::npos);
      EXPECT_LE(end - at, 100u) << help.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(Verbs, TakeEveryOptionThatTheirHelpNames) {
  const std::regex option_line("\\n  (?:(-[a-z]), )?(--?[a-z-]+)");
  for (const Verb* verb : verbs()) {
    const std::string help(verb->help);
    for (std::sregex_iterator at(help.begin(), help.end(), option_line), end; at != end; ++at) {
      testing::internal::CaptureStderr();
      testing::internal::CaptureStdout();
      // Too many operands, so that no verb goes on to do something.
      verb->run({"a", "b", "c", (*at)[2].str()});
      testing::internal::GetCapturedStdout();
      EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("has no option")))
          << verb->name << ' ' << (*at)[2];
    }
  }
}

TEST(Settings, AreListedWithTheirDefaults) {
  EXPECT_THAT(settings_help(), HasSubstr("  topology.max.attempts\n"));
  EXPECT_THAT(settings_help(), HasSubstr("(default 5)"));
  EXPECT_THAT(settings_help(), HasSubstr("known from Storm"));
}

}  // namespace
}  // namespace rafale::cli
