// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One line per message, whatever the message holds.

#include "common/log.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rafale::common::log {
namespace {

using testing::HasSubstr;

std::string formatted(Format format, bool colour, const std::string& logger,
                      spdlog::level::level_enum level, const std::string& text) {
  const std::chrono::milliseconds since_epoch(1795332258123);
  const spdlog::details::log_msg msg(spdlog::log_clock::time_point(since_epoch), {}, logger, level,
                                     text);
  spdlog::memory_buf_t line;
  make_formatter(format, colour)->format(msg, line);
  return {line.data(), line.size()};
}

TEST(TextLog, ShowsTimeLevelLoggerAndMessage) {
  EXPECT_EQ(formatted(Format::text, false, "comp:3", spdlog::level::info, "ready"),
            "2026-11-22T07:24:18.123Z INFO  [comp:3] ready\n");
  EXPECT_EQ(formatted(Format::text, false, "", spdlog::level::err, "broken"),
            "2026-11-22T07:24:18.123Z ERROR broken\n");
}

TEST(TextLog, KeepsAMessageOnOneLine) {
  EXPECT_EQ(formatted(Format::text, false, "a", spdlog::level::warn, "one\ntwo\x1b[2Jthree"),
            "2026-11-22T07:24:18.123Z WARN  [a] one\\ntwo\\u001b[2Jthree\n");
}

TEST(TextLog, ColoursTheLevelOnlyWhenAsked) {
  EXPECT_THAT(formatted(Format::text, true, "a", spdlog::level::err, "x"),
              HasSubstr("\x1b[31mERROR\x1b[0m"));
}

TEST(JsonLog, IsOneObjectWhateverTheMessage) {
  const std::string line =
      formatted(Format::json, true, "comp:3", spdlog::level::warn, "say \"hi\"\n\xff");
  ASSERT_EQ(line.find('\n'), line.size() - 1);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object["ts"], "2026-11-22T07:24:18.123Z");
  EXPECT_EQ(object["level"], "WARN");
  EXPECT_EQ(object["logger"], "comp:3");
  EXPECT_EQ(object["msg"], "say \"hi\"\n\xef\xbf\xbd");
}

TEST(LogLevels, AreKnownByName) {
  EXPECT_EQ(*parse_level("trace"), spdlog::level::trace);
  EXPECT_EQ(*parse_level("INFO"), spdlog::level::info);
  EXPECT_EQ(*parse_level("warn"), spdlog::level::warn);
  EXPECT_EQ(*parse_level("error"), spdlog::level::err);
  EXPECT_EQ(*parse_level("off"), spdlog::level::off);
  EXPECT_THAT(std::string(parse_level("loud").status().message()),
              HasSubstr("trace, debug, info, warn, error and off"));
}

TEST(LogFormats, AreKnownByName) {
  EXPECT_EQ(*parse_format("json"), Format::json);
  EXPECT_FALSE(parse_format("xml").ok());
}

}  // namespace
}  // namespace rafale::common::log
