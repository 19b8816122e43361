// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Windows, clocks, and their form on the disk.
#include "topologies/bike_fleet/city_stats.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace rafale::bikes {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;

}  // namespace

CityStats::City& CityStats::city(std::string_view contract) {
  const auto found = cities_.find(contract);
  if (found != cities_.end()) return found->second;
  City& made = cities_[std::string(contract)];
  for (const std::uint32_t source : options_.sources) made.sources[source];
  return made;
}

CityStats::Taken CityStats::add(std::uint32_t source, const StandsReading& reading) {
  City& city = this->city(reading.contract);
  const std::int64_t start = reading.at - reading.at % options_.window_ms;
  Source& from = city.sources[source];
  from.silent = 0;
  if (!city.taken.add(reading.position)) return Taken::repeated;
  const bool late = is_due(city, start);
  if (reading.at > from.latest) {
    from.latest = reading.at;
    advance(city);
  }
  if (late) return Taken::late;
  Window& window = city.windows[start];
  auto station = window.stations.find(reading.number);
  if (station == window.stations.end()) {
    station = window.stations.emplace(std::string(reading.number), Mean{}).first;
  }
  station->second.sum += reading.stands;
  ++station->second.count;
  return Taken::counted;
}

void CityStats::tick() {
  for (auto& [contract, city] : cities_) {
    for (auto& [task, source] : city.sources) {
      source.silent = std::min(source.silent + 1, options_.idle_ticks);
    }
    advance(city);
  }
}

void CityStats::advance(City& city) const {
  std::int64_t least = INT64_MAX;  // of the sources that are not idle
  std::int64_t latest = kNever;
  bool all_idle = true;
  for (const auto& [task, source] : city.sources) {
    latest = std::max(latest, source.latest);
    if (source.silent >= options_.idle_ticks) continue;
    all_idle = false;
    least = std::min(least, source.latest);
  }
  const std::int64_t reached = all_idle ? latest : least;
  if (reached != kNever) city.clock = std::max(city.clock, reached - options_.lag_ms);
}

void CityStats::forget_positions() {
  for (auto& [contract, city] : cities_) city.taken.clear();
}

std::vector<CityWindow> CityStats::windows(bool due_only) const {
  std::vector<CityWindow> found;
  for (const auto& [contract, city] : cities_) {
    for (const auto& [start, window] : city.windows) {
      if (due_only && !is_due(city, start)) break;
      CityWindow& made = found.emplace_back(
          CityWindow{.contract = contract, .start = start, .end = end_of(start)});
      for (const auto& [number, mean] : window.stations) {
        made.available_stands += static_cast<double>(mean.sum) / static_cast<double>(mean.count);
        made.records += static_cast<std::uint64_t>(mean.count);
      }
      made.stations = window.stations.size();
    }
  }
  return found;
}

bool CityStats::has_due() const {
  return std::ranges::any_of(cities_, [this](const auto& entry) {
    const City& city = entry.second;
    return !city.windows.empty() && is_due(city, city.windows.begin()->first);
  });
}

void CityStats::close_due() {
  for (auto& [contract, city] : cities_) {
    std::erase_if(city.windows,
                  [this, &of = city](const auto& window) { return is_due(of, window.first); });
  }
}

std::string CityStats::save() const {
  json cities = json::object();
  for (const auto& [contract, city] : cities_) {
    json windows = json::array();
    for (const auto& [start, window] : city.windows) {
      json stations = json::object();
      for (const auto& [number, mean] : window.stations) {
        stations[number] = {mean.sum, mean.count};
      }
      windows.push_back({{"start", start}, {"stations", stations}});
    }
    cities[contract] = {
        {"clock", city.clock}, {"taken", city.taken.intervals()}, {"windows", std::move(windows)}};
  }
  return json{{"format", kFormat}, {"window_ms", options_.window_ms}, {"cities", std::move(cities)}}
      .dump();
}

bool CityStats::load(std::string_view text) {
  try {
    const json saved = json::parse(text);
    if (saved.at("format") != kFormat || saved.at("window_ms") != options_.window_ms) return false;
    for (const auto& [contract, of_city] : saved.at("cities").items()) {
      City& city = this->city(contract);
      city.clock = of_city.at("clock").get<std::int64_t>();
      city.taken.add_all(of_city.at("taken").get<std::vector<TakenPositions::Interval>>());
      for (const json& of_window : of_city.at("windows")) {
        Window& window = city.windows[of_window.at("start").get<std::int64_t>()];
        for (const auto& [number, mean] : of_window.at("stations").items()) {
          window.stations[number] = {mean.at(0).get<std::int64_t>(),
                                     mean.at(1).get<std::int64_t>()};
          if (window.stations[number].count <= 0) return false;
        }
      }
    }
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

}  // namespace rafale::bikes
