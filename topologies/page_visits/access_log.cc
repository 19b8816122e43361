// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From left to right, without a regular expression.
#include "topologies/page_visits/access_log.h"

#include <array>
#include <chrono>
#include <optional>

namespace rafale::visits {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes what stands before the next blank; false if that is nothing.
bool take_word(std::string_view& rest, std::string_view& word) {
  const std::size_t end = rest.find(' ');
  if (end == 0 || end == std::string_view::npos) return false;
  word = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

std::optional<int> number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// "17/May/2015:10:05:03 +0000" as milliseconds since 1970 of the minute's begin.
std::optional<std::int64_t> parse_minute(std::string_view time) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (time.size() != 26 || time[2] != '/' || time[6] != '/' || time[11] != ':' || time[14] != ':' ||
      time[17] != ':' || time[20] != ' ' || (time[21] != '+' && time[21] != '-')) {
    return std::nullopt;
  }
  unsigned month = 0;
  while (month < 12 && kMonths[month] != time.substr(3, 3)) ++month;
  const auto day = number(time.substr(0, 2));
  const auto year = number(time.substr(7, 4));
  const auto hour = number(time.substr(12, 2));
  const auto minute = number(time.substr(15, 2));
  const auto second = number(time.substr(18, 2));
  const auto zone_hours = number(time.substr(22, 2));
  const auto zone_minutes = number(time.substr(24, 2));
  if (month == 12 || !day || !year || !hour || !minute || !second || !zone_hours || !zone_minutes ||
      *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  namespace ch = std::chrono;
  const ch::year_month_day date(ch::year(*year), ch::month(month + 1),
                                ch::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  auto at = ch::sys_days(date) + ch::hours(*hour) + ch::minutes(*minute);
  const auto zone = ch::hours(*zone_hours) + ch::minutes(*zone_minutes);
  at += time[21] == '+' ? -zone : zone;
  return ch::duration_cast<ch::milliseconds>(at.time_since_epoch()).count();
}

/// Whether `rest`, what follows the quote behind a request, is status, bytes, and the two further
/// fields or nothing.
bool ends_well(std::string_view rest) {
  if (rest.size() < 6 || rest[0] != ' ' || !is_digit(rest[1]) || !is_digit(rest[2]) ||
      !is_digit(rest[3]) || rest[4] != ' ') {
    return false;
  }
  rest.remove_prefix(5);
  std::size_t end = 0;
  if (rest[0] == '-') {
    end = 1;
  } else {
    while (end < rest.size() && is_digit(rest[end])) ++end;
  }
  if (end == 0) return false;
  rest.remove_prefix(end);
  while (!rest.empty() && (rest.back() == ' ' || rest.back() == '\r' || rest.back() == '\t')) {
    rest.remove_suffix(1);
  }
  if (rest.empty()) return true;
  // "referer" "agent": what lies between may have quotes of its own.
  return rest.size() >= 6 && rest.starts_with(" \"") && rest.back() == '"' &&
         rest.substr(2, rest.size() - 3).find("\" \"") != std::string_view::npos;
}

}  // namespace

const char* parse_access_line(std::string_view line, Visit& visit) {
  std::string_view rest = line;
  std::string_view ident;
  std::string_view name;
  if (!take_word(rest, visit.user) || !take_word(rest, ident) || !take_word(rest, name)) {
    return "host, ident and user are not all there";
  }
  const std::size_t bracket = rest.find(']');
  if (rest.empty() || rest[0] != '[' || bracket == std::string_view::npos) {
    return "the time in brackets is missing";
  }
  const auto minute = parse_minute(rest.substr(1, bracket - 1));
  if (!minute) return "the time is not one such as 17/May/2015:10:05:03 +0000";
  visit.minute_ms = *minute;
  rest.remove_prefix(bracket + 1);
  if (!rest.starts_with(" \"")) return "the request in quotes is missing";
  rest.remove_prefix(2);
  std::size_t quote = rest.find('"');
  while (quote != std::string_view::npos && !ends_well(rest.substr(quote + 1))) {
    quote = rest.find('"', quote + 1);
  }
  if (quote == std::string_view::npos) return "status and bytes do not follow the request";
  const std::string_view request = rest.substr(0, quote);
  const std::size_t begin = request.find(' ');
  if (begin == std::string_view::npos) return "the request names no page";
  visit.page = request.substr(begin + 1);
  visit.page = visit.page.substr(0, visit.page.find(' '));
  visit.page = visit.page.substr(0, visit.page.find('?'));
  return nullptr;
}

}  // namespace rafale::visits
