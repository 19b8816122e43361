// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Words, numbers and times.
#include "connectors/kafka/kafka_start.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>

namespace rafale::connectors {
namespace {

std::optional<std::int64_t> parse_time(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) return number;

  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, taken = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute,
                  &second, &taken) != 6 ||
      taken != static_cast<int>(copy.size())) {
    return std::nullopt;
  }
  namespace ch = std::chrono;
  const ch::year_month_day date(ch::year(year), ch::month(static_cast<unsigned>(month)),
                                ch::day(static_cast<unsigned>(day)));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto time =
      ch::sys_days(date) + ch::hours(hour) + ch::minutes(minute) + ch::seconds(second);
  return ch::duration_cast<ch::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

std::optional<KafkaStart> parse_kafka_start(std::string_view text) {
  using At = KafkaStart::At;
  if (text == "earliest") return KafkaStart{};
  if (text == "latest") return KafkaStart{.at = At::latest};
  if (const auto time = parse_time(text)) {
    return KafkaStart{.at = At::timestamp, .timestamp_ms = *time};
  }
  return std::nullopt;
}

}  // namespace rafale::connectors
