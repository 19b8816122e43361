// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Layout of lines and frames.
#include "topologies/bike_fleet/fleet_view.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "topologies/bike_fleet/timestamps.h"

namespace rafale::bikes {
namespace {

constexpr std::size_t kMostCities = 8;
constexpr std::size_t kMostTransitions = 12;
constexpr std::size_t kWidest = 100;

std::string milliseconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, ms < 10 ? "%.2f ms" : ms < 1000 ? "%.1f ms" : "%.0f ms", ms);
  return text;
}

std::string rate(double per_s) { return grouped(std::llround(per_s)) + "/s"; }

/// The columns that UTF-8 text takes, if every character takes one.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// A line that is built of pieces and never wider than the terminal.
class Row {
 public:
  explicit Row(const Look& look) : look_(look) {}

  Row& add(std::string_view text, const char* colour = nullptr) {
    std::size_t bytes = 0;
    const std::size_t before = used_;
    while (bytes < text.size() && used_ < look_.width) {
      for (++bytes; bytes < text.size() && (text[bytes] & 0xc0) == 0x80; ++bytes) {
      }
      ++used_;
    }
    if (used_ == before) {
      return *this;
    }
    const bool coloured = colour != nullptr && look_.colour;
    text_ += coloured ? colour : "";
    text_ += text.substr(0, bytes);
    text_ += coloured ? "\x1b[0m" : "";
    return *this;
  }
  Row& pad_to(std::size_t column) {
    return used_ < column ? add(std::string(column - used_, ' ')) : *this;
  }
  std::string take() { return std::move(text_); }

 private:
  const Look& look_;
  std::string text_;
  std::size_t used_ = 0;
};

constexpr const char* kBold = "\x1b[1m";
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kYellow = "\x1b[33m";

std::string title(const FleetSummary& fleet, const Look& look) {
  Row row(look);
  row.add(" Bike fleet", kBold);
  if (fleet.latest()) {
    row.add("   recorded time ").add(utc_text(*fleet.latest()), kBold).add(" UTC");
  }
  return row.take();
}

void add_numbers(std::vector<std::string>& lines, const FleetSummary& fleet, const Look& look) {
  const TopologyStats& stats = fleet.stats();
  const auto number = [](std::uint64_t n) { return grouped(static_cast<std::int64_t>(n)); };
  lines.push_back(Row(look)
                      .add(" records ")
                      .add(rate(fleet.records_per_s()), kBold)
                      .pad_to(26)
                      .add("deltas ")
                      .add(rate(fleet.deltas_per_s()), kBold)
                      .pad_to(46)
                      .add("latency p50 ")
                      .add(milliseconds(stats.complete_latency_p50_ms), kBold)
                      .add("  p99 ")
                      .add(milliseconds(stats.complete_latency_p99_ms), kBold)
                      .take());
  Row row(look);
  row.add(" acked ").add(number(stats.acked), kBold).pad_to(26);
  row.add("failed ").add(number(stats.failed), stats.failed > 0 ? kRed : kBold).pad_to(46);
  row.add("pending ").add(number(stats.pending), kBold);
  if (stats.dead_lettered > 0) {
    row.add("   dead letters ").add(number(stats.dead_lettered), kYellow);
  }
  lines.push_back(row.take());
}

void add_cities(std::vector<std::string>& lines, const FleetSummary& fleet, const Look& look,
                std::size_t room) {
  std::vector<std::pair<std::string, std::int64_t>> cities(fleet.empty_now().begin(),
                                                           fleet.empty_now().end());
  std::stable_sort(cities.begin(), cities.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  lines.push_back(Row(look)
                      .add(" Empty stations now: ", kBold)
                      .add(grouped(fleet.empty_total()), kBold)
                      .take());
  const std::size_t shown = std::min({cities.size(), kMostCities, room});
  std::size_t name_width = 4;
  for (std::size_t i = 0; i < shown; ++i) {
    name_width = std::clamp(columns(cities[i].first), name_width, std::size_t{24});
  }
  const std::size_t bar_room = std::min<std::size_t>(40, look.width > 50 ? look.width - 40 : 10);
  const std::int64_t most = cities.empty() ? 1 : std::max<std::int64_t>(cities[0].second, 20);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [name, empty] = cities[i];
    const auto bar = static_cast<std::size_t>(empty) * bar_room / static_cast<std::size_t>(most);
    std::string blocks;
    for (std::size_t b = 0; b < bar; ++b) {
      blocks += look.unicode ? "\u2588" : "#";
    }
    const std::string count = grouped(empty);
    lines.push_back(Row(look)
                        .add("   ")
                        .add(name)
                        .pad_to(3 + name_width + 8 - std::min<std::size_t>(count.size(), 7))
                        .add(count)
                        .add("  ")
                        .add(blocks, kYellow)
                        .take());
  }
}

void add_transitions(std::vector<std::string>& lines, const FleetSummary& fleet, const Look& look,
                     std::size_t room) {
  lines.push_back(Row(look)
                      .add(" Last changes: ", kBold)
                      .add(grouped(fleet.transitions_seen()) + " so far", kDim)
                      .take());
  const std::size_t shown = std::min({fleet.last().size(), kMostTransitions, room});
  for (std::size_t i = 0; i < shown; ++i) {
    const Transition& t = fleet.last()[i];
    Row row(look);
    row.add("   ").add(t.at ? utc_text(*t.at).substr(11) : "--:--:--", kDim).add("  ");
    row.add(t.contract + " " + t.number).pad_to(38);
    row.add(t.empty ? "is empty" : "has bikes again", t.empty ? kRed : kGreen).pad_to(56);
    row.add("(" + grouped(t.empty_in_city) + " empty in " + t.contract + ")", kDim);
    lines.push_back(row.take());
  }
}

}  // namespace

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (number < 0);
       at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ' ');
  }
  return digits;
}

std::string transition_line(const Transition& t) {
  std::string line = t.at ? utc_text(*t.at) : std::string("at an unknown time ");
  line += "  " + t.contract + " " + t.number;
  line += t.empty ? " is empty" : " is no longer empty, bikes: " + std::to_string(t.bikes);
  return line + " (" + std::to_string(t.empty_in_city) + " empty in " + t.contract + ")";
}

std::string summary_line(const FleetSummary& fleet) {
  const TopologyStats& stats = fleet.stats();
  std::string line = rate(fleet.records_per_s()) + " records, " + rate(fleet.deltas_per_s()) +
                     " deltas, " + std::to_string(fleet.empty_total()) + " stations empty";
  const char* before = " (";
  for (const auto& [contract, empty] : fleet.empty_now()) {
    line += std::exchange(before, ", ") + contract + " " + std::to_string(empty);
  }
  line += fleet.empty_now().empty() ? "" : ")";
  line += ", latency p50 " + milliseconds(stats.complete_latency_p50_ms) + " p99 " +
          milliseconds(stats.complete_latency_p99_ms);
  line += ", acked " + std::to_string(stats.acked) + ", failed " + std::to_string(stats.failed) +
          ", pending " + std::to_string(stats.pending);
  return line;
}

std::vector<std::string> frame(const FleetSummary& fleet, const Look& terminal) {
  Look look = terminal;
  look.width = std::min(look.width > 1 ? look.width - 1 : 1, kWidest);
  const std::size_t most = look.height > 1 ? look.height - 1 : 1;
  std::vector<std::string> lines;
  lines.push_back(title(fleet, look));
  lines.emplace_back();
  add_numbers(lines, fleet, look);
  lines.emplace_back();
  // Headings and blank lines of the two lists take four lines more.
  const std::size_t room = most > lines.size() + 4 ? most - lines.size() - 4 : 0;
  add_cities(lines, fleet, look, std::max<std::size_t>(room / 2, 1));
  lines.emplace_back();
  add_transitions(lines, fleet, look, most > lines.size() + 2 ? most - lines.size() - 2 : 0);
  lines.resize(std::min(lines.size(), most));
  return lines;
}

}  // namespace rafale::bikes
