// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Operands, options and hints.

#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

int nothing(const std::vector<std::string>&) { return 0; }
const Verb kSample{"sample", "for tests", "usage: rafale sample\n", nothing};

class ArgumentsTest : public testing::Test {
 protected:
  std::optional<int> parse(const std::vector<std::string>& given) {
    Arguments arguments(kSample);
    arguments.operand("FILE", file)
        .optional_operand("OTHER", other)
        .flag("--quick", quick)
        .option("-t,--time", time)
        .list("-c", settings)
        .choice("-o,--output", output, {"text", "json"});
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    const auto exit_code = arguments.parse(given);
    out = testing::internal::GetCapturedStdout();
    err = testing::internal::GetCapturedStderr();
    return exit_code;
  }
  std::string file, other, time, output, out, err;
  std::vector<std::string> settings;
  bool quick = false;
};

TEST_F(ArgumentsTest, MayStandInAnyOrder) {
  EXPECT_EQ(parse({"-c", "a=1", "x.so", "-c", "b=[1, 2]", "--quick", "--time=5", "-ojson", "y"}),
            std::nullopt);
  EXPECT_EQ(file, "x.so");
  EXPECT_EQ(other, "y");
  EXPECT_EQ(time, "5");
  EXPECT_EQ(output, "json");
  EXPECT_TRUE(quick);
  EXPECT_THAT(settings, ElementsAre("a=1", "b=[1, 2]"));
}

TEST_F(ArgumentsTest, LetTheLastOptionWin) {
  EXPECT_EQ(parse({"x", "-t", "1", "-t", "2"}), std::nullopt);
  EXPECT_EQ(time, "2");
}

TEST_F(ArgumentsTest, EndInOperandsAfterTwoDashes) {
  EXPECT_EQ(parse({"--quick", "--", "-x.so"}), std::nullopt);
  EXPECT_EQ(file, "-x.so");
}

TEST_F(ArgumentsTest, ShowHelpWhateverElseIsWrong) {
  EXPECT_EQ(parse({"--help", "--nonsense", "a", "b", "c"}), 0);
  EXPECT_EQ(out, "usage: rafale sample\n");
  EXPECT_EQ(err, "");
}

TEST_F(ArgumentsTest, AreAWrongCallWithAHint) {
  EXPECT_EQ(parse({"x", "--tiem", "5"}), 2);
  EXPECT_EQ(err,
            "rafale: sample has no option --tiem; did you mean --time? See 'rafale help sample'\n");
  EXPECT_EQ(parse({"x", "--tiem=5"}), 2);
  EXPECT_THAT(err, HasSubstr("has no option --tiem; did you mean --time?"));
  EXPECT_EQ(parse({}), 2);
  EXPECT_EQ(err, "rafale: sample needs a FILE; see 'rafale help sample'\n");
  EXPECT_EQ(parse({"x", "y", "z"}), 2);
  EXPECT_THAT(err, HasSubstr("'z' is one argument too many"));
  EXPECT_EQ(parse({"x", "-t"}), 2);
  EXPECT_THAT(err, HasSubstr("time needs a value"));
  EXPECT_EQ(parse({"x", "--output", "xml"}), 2);
  EXPECT_THAT(err, HasSubstr("-o takes text or json, not 'xml'"));
  EXPECT_EQ(parse({"x", "--quick=3"}), 2);
}

}  // namespace
}  // namespace rafale::cli
