// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calendar arithmetic by std::chrono.
#include "topologies/bike_fleet/timestamps.h"

#include <chrono>
#include <cstdio>

namespace rafale::bikes {
namespace {

/// Takes `count` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

/// Milliseconds of ".25" at the front of `text`, 0 if there is no fraction.
std::optional<int> take_fraction(std::string_view& text) {
  if (!take(text, ".")) {
    return 0;
  }
  int ms = 0;
  int digits = 0;
  while (const auto digit = take_digits(text, 1)) {
    if (digits < 3) {
      ms = ms * 10 + *digit;
    }
    ++digits;
  }
  if (digits == 0) {
    return std::nullopt;
  }
  for (; digits < 3; ++digits) {
    ms *= 10;
  }
  return ms;
}

/// Minutes east of UTC of "Z", "+01:00" or "-0330", which must be all of `text`.
std::optional<int> offset_minutes(std::string_view text) {
  if (text == "Z" || text == "z") {
    return 0;
  }
  const bool west = text.starts_with('-');
  if (!take(text, "+-")) {
    return std::nullopt;
  }
  const auto hours = take_digits(text, 2);
  take(text, ":");
  const auto minutes = take_digits(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59 || !text.empty()) {
    return std::nullopt;
  }
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto y = take_digits(text, 4);
  if (!y || !take(text, "-")) return std::nullopt;
  const auto m = take_digits(text, 2);
  if (!m || !take(text, "-")) return std::nullopt;
  const auto d = take_digits(text, 2);
  if (!d || !take(text, "Tt ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second) return std::nullopt;
  const auto ms = take_fraction(text);
  const auto east = offset_minutes(text);
  const year_month_day date(year(*y), month(static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d)));
  // A second of 60 is a leap second, which RFC 3339 allows.
  if (!ms || !east || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const auto moment = sys_days(date) + hours(*hour) + minutes(*minute - *east) + seconds(*second) +
                      milliseconds(*ms);
  return moment.time_since_epoch() / milliseconds(1);
}

std::string utc_text(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> moment{milliseconds(ms)};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(moment - day));
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace rafale::bikes
