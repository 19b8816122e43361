// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Formatters and set-up of log.h.

#include "common/log.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <ctime>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace rafale::common::log {
namespace {

using spdlog::level::level_enum;

struct LevelName {
  level_enum level;
  std::string_view name;
  std::string_view colour;  // escape sequence of a terminal
};

constexpr std::array kLevels{
    LevelName{spdlog::level::trace, "TRACE", "\x1b[2m"},
    LevelName{spdlog::level::debug, "DEBUG", "\x1b[2m"},
    LevelName{spdlog::level::info, "INFO", ""},
    LevelName{spdlog::level::warn, "WARN", "\x1b[33m"},
    LevelName{spdlog::level::err, "ERROR", "\x1b[31m"},
    LevelName{spdlog::level::critical, "ERROR", "\x1b[31m"},
};

const LevelName& name_of(level_enum level) {
  for (const LevelName& known : kLevels) {
    if (known.level == level) return known;
  }
  return kLevels.back();
}

// "2026-11-22T07:24:18.123Z".
std::string timestamp(spdlog::log_clock::time_point time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(ms).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     ms.count() % 1000);
}

// Appends `text` with control characters as escapes: a message must not forge a line of its own.
void append_escaped(std::string_view text, spdlog::memory_buf_t& to) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      to.append(std::string_view("\\n"));
    } else if ((byte < 0x20 && c != '\t') || byte == 0x7f) {
      fmt::format_to(fmt::appender(to), "\\u{:04x}", byte);
    } else {
      to.push_back(c);
    }
  }
}

std::string_view view(spdlog::string_view_t text) { return {text.data(), text.size()}; }

class TextFormatter final : public spdlog::formatter {
 public:
  explicit TextFormatter(bool colour) : colour_(colour) {}

  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& to) override {
    const LevelName& level = name_of(msg.level);
    const bool paint = colour_ && !level.colour.empty();
    fmt::format_to(fmt::appender(to), "{} {}{:5}{} ", timestamp(msg.time),
                   paint ? level.colour : "", level.name, paint ? "\x1b[0m" : "");
    if (msg.logger_name.size() > 0) {
      fmt::format_to(fmt::appender(to), "[{}] ", view(msg.logger_name));
    }
    append_escaped(view(msg.payload), to);
    to.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<TextFormatter>(colour_);
  }

 private:
  bool colour_;
};

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& to) override {
    nlohmann::ordered_json line;
    line["ts"] = timestamp(msg.time);
    line["level"] = name_of(msg.level).name;
    line["logger"] = view(msg.logger_name);
    line["msg"] = view(msg.payload);
    using Json = nlohmann::ordered_json;
    to.append(line.dump(-1, ' ', false, Json::error_handler_t::replace));
    to.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

}  // namespace

absl::StatusOr<level_enum> parse_level(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (upper == "OFF") return spdlog::level::off;
  if (upper == "WARNING") return spdlog::level::warn;
  for (const LevelName& known : kLevels) {
    if (known.name == upper) return known.level;
  }
  return absl::InvalidArgumentError(fmt::format(
      "'{}' is no log level; the levels are trace, debug, info, warn, error and off", name));
}

absl::StatusOr<Format> parse_format(std::string_view name) {
  if (name == "text") return Format::text;
  if (name == "json") return Format::json;
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no log format; the formats are text and json", name));
}

std::unique_ptr<spdlog::formatter> make_formatter(Format format, bool colour) {
  if (format == Format::json) return std::make_unique<JsonFormatter>();
  return std::make_unique<TextFormatter>(colour);
}

void set_up(Format format, level_enum level, bool colour) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto root = std::make_shared<spdlog::logger>("", std::move(sink));
  root->set_formatter(make_formatter(format, colour));
  root->set_level(level);
  spdlog::set_default_logger(std::move(root));
}

std::shared_ptr<spdlog::logger> make(std::string name) {
  return spdlog::default_logger()->clone(std::move(name));
}

}  // namespace rafale::common::log
