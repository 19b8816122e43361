// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The arguments that rafale passes on.

#include "worker/local/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const std::vector<std::string>& arguments) {
  const auto options = parse_local_options(arguments);
  EXPECT_FALSE(options.ok());
  return std::string(options.status().message());
}

TEST(LocalModeOptions, AreReadInAnyOrder) {
  const auto options =
      parse_local_options({"--until-done", "-c",          "a=1",        "--for-ms",     "1500",
                           "x.so",         "--config",    "f.yaml",     "-c",           "b=2",
                           "--threads",    "2",           "--stats-ms", "500",          "--output",
                           "json",         "--log-level", "warn",       "--log-format", "json"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plugin, "x.so");
  EXPECT_TRUE(options->until_done);
  EXPECT_THAT(options->assignments, ElementsAre("a=1", "b=2"));
  EXPECT_EQ(options->run_for, std::chrono::milliseconds(1500));
  EXPECT_EQ(options->config_file, "f.yaml");
  EXPECT_EQ(options->threads, 2u);
  EXPECT_EQ(options->stats_every, std::chrono::milliseconds(500));
  EXPECT_EQ(options->output, OutputFormat::json);
  EXPECT_EQ(options->log_level, spdlog::level::warn);
  EXPECT_EQ(options->log_format, common::log::Format::json);
}

TEST(LocalModeOptions, HaveDefaults) {
  const auto options = parse_local_options({"x.so"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_FALSE(options->run_for);
  EXPECT_FALSE(options->until_done);
  EXPECT_FALSE(options->output);
  EXPECT_FALSE(options->stats_every);
}

TEST(LocalModeOptions, AreRefusedIfUnknownOrUnreadable) {
  EXPECT_THAT(refusal({}), HasSubstr("a plugin is missing"));
  EXPECT_THAT(refusal({"x.so", "--fro", "1"}), HasSubstr("there is no option --fro"));
  EXPECT_THAT(refusal({"x.so", "--for-ms"}), HasSubstr("--for-ms needs a value"));
  EXPECT_THAT(refusal({"x.so", "--for-ms", "1s"}), HasSubstr("--for-ms cannot be '1s'"));
  EXPECT_THAT(refusal({"x.so", "--for-ms", "-1"}), HasSubstr("--for-ms cannot be '-1'"));
  EXPECT_THAT(refusal({"x.so", "--stats-ms", "0"}), HasSubstr("--stats-ms cannot be '0'"));
  EXPECT_THAT(refusal({"x.so", "--threads", "99999"}), HasSubstr("--threads cannot be"));
  EXPECT_THAT(refusal({"x.so", "--output", "xml"}), HasSubstr("--output cannot be 'xml'"));
  EXPECT_THAT(refusal({"x.so", "y.so"}), HasSubstr("y.so"));
}

}  // namespace
}  // namespace rafale::worker
