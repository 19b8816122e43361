// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where people live and work, when they ride, and where to.
#include "topologies/bike_fleet/city_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rafale::bikes {
namespace {

using District = CityModel::District;

// By hour of the day: trips that begin at a station in an hour for each ten of its docks ...
constexpr double kDepartures[CityModel::kDistricts][24] = {
    // 0   1    2    3    4    5    6    7    8    9   10   11   12   13   14   15   16   17   18 19
    // 20   21   22   23
    {0.3, 0.2, 0.1, 0.1, 0.1, 0.6, 2.4, 7.5, 9.0, 4.0, 1.8, 1.5,
     1.6, 1.8, 1.6, 1.6, 1.8, 2.2, 2.4, 2.2, 1.6, 1.2, 0.8, 0.5},
    {0.1, 0.1, 0.0, 0.0, 0.0, 0.1, 0.3, 0.6, 0.9, 1.0, 1.0, 1.6,
     4.5, 3.2, 1.4, 1.8, 4.0, 8.5, 8.0, 4.0, 1.6, 0.8, 0.4, 0.2},
    {1.2, 0.9, 0.6, 0.4, 0.2, 0.2, 0.4, 0.8, 1.2, 1.6, 2.2, 2.8,
     3.8, 3.6, 3.0, 3.2, 3.8, 4.4, 4.2, 3.6, 3.4, 3.2, 3.0, 2.2},
    {0.2, 0.1, 0.1, 0.1, 0.2, 0.8, 3.5, 8.0, 8.5, 4.0, 2.0, 1.8,
     2.0, 2.0, 1.8, 2.0, 2.4, 3.0, 3.0, 2.4, 1.8, 1.2, 0.8, 0.4}};
// ... and how much its docks attract those who ride.
constexpr double kAttraction[CityModel::kDistricts][24] = {
    {3.0, 3.0, 3.0, 2.0, 1.0, 0.6, 0.3, 0.2, 0.2, 0.4, 0.7, 1.0,
     1.2, 1.0, 0.9, 1.2, 2.2, 3.4, 3.8, 3.6, 3.4, 3.2, 3.0, 3.0},
    {0.1, 0.1, 0.1, 0.1, 0.4, 1.2, 3.0, 5.0, 5.0, 3.0, 1.4, 1.0,
     1.2, 2.4, 1.6, 1.0, 0.6, 0.3, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1},
    {0.6, 0.5, 0.4, 0.3, 0.3, 0.4, 0.8, 1.0, 1.4, 1.8, 2.4, 3.0,
     3.4, 2.6, 2.6, 2.8, 2.6, 2.4, 3.0, 3.6, 3.2, 2.4, 1.6, 1.0},
    {0.1, 0.1, 0.1, 0.2, 0.8, 2.0, 3.0, 3.0, 2.0, 1.2, 1.0, 1.0,
     1.0, 1.0, 1.2, 1.6, 2.8, 4.0, 3.6, 2.4, 1.2, 0.8, 0.5, 0.2}};

constexpr double kRadius = 5;          // kilometres
constexpr double kMinutesPerKm = 4.5;  // 13 km/h
constexpr double kFill = 0.42;         // bikes for each dock: a fleet that runs short now and then

District district_at(double distance, Random& random) {
  const double dice = random.fraction();
  if (distance < 1.4) {
    return dice < 0.6 ? District::centre : dice < 0.9 ? District::offices : District::homes;
  }
  if (dice < 0.05) {
    return District::railway;
  }
  return dice < 0.28 ? District::offices : dice < 0.36 ? District::centre : District::homes;
}

double distance(const CityModel::Station& a, const CityModel::Station& b) {
  return std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
}

}  // namespace

std::string_view to_string(CityModel::District district) {
  switch (district) {
    case District::homes:
      return "HOMES";
    case District::offices:
      return "OFFICES";
    case District::centre:
      return "CENTRE";
    case District::railway:
      return "RAILWAY";
  }
  return "";
}

CityModel::CityModel(std::size_t stations, std::int64_t minute, std::uint64_t seed)
    : random_(seed), minute_(minute), stations_(stations) {
  place_stations();
  find_neighbours();
}

void CityModel::place_stations() {
  for (Station& s : stations_) {
    // Denser towards the middle: the distance is spread evenly, the area is not.
    do {
      s.x = 2 * random_.fraction() - 1;
      s.y = 2 * random_.fraction() - 1;
    } while (s.x * s.x + s.y * s.y > 1);
    const double pull = std::sqrt(s.x * s.x + s.y * s.y);
    s.x *= kRadius * pull;
    s.y *= kRadius * pull;
    s.district = district_at(kRadius * pull * pull, random_);
    s.docks = 12 + static_cast<int>(random_.below(s.district == District::homes ? 14 : 24));
    // At night the bikes are where people live.
    const double fill = s.district == District::homes ? 1.3 * kFill : 0.55 * kFill;
    const double bikes = s.docks * fill * (0.5 + random_.fraction());
    s.bikes = std::min(s.docks, static_cast<int>(bikes));
    s.changed = minute_;
  }
}

void CityModel::find_neighbours() {
  neighbours_.resize(stations_.size());
  std::vector<std::uint32_t> others(stations_.size());
  std::iota(others.begin(), others.end(), 0U);
  for (std::size_t i = 0; i < stations_.size(); ++i) {
    const std::size_t known = std::min(kNeighbours + 1, others.size());
    std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(known),
                      others.end(), [&](std::uint32_t a, std::uint32_t b) {
                        const double to_a = distance(stations_[i], stations_[a]);
                        const double to_b = distance(stations_[i], stations_[b]);
                        return to_a != to_b ? to_a < to_b : a < b;
                      });
    for (std::size_t n = 0; n < kNeighbours; ++n) {
      // others[0] is the station itself; in a tiny city the last neighbour stands for the missing.
      neighbours_[i][n] = others[std::min(n + 1, others.size() - 1)];
    }
  }
}

/// Brings cumulative_ to the hour of the day.
void CityModel::weigh(double hour) {
  const auto now = static_cast<std::int64_t>(hour);
  if (now == weighed_hour_) {
    return;
  }
  weighed_hour_ = now;
  cumulative_.resize(stations_.size());
  double sum = 0;
  for (std::size_t i = 0; i < stations_.size(); ++i) {
    const Station& s = stations_[i];
    sum += s.docks * kAttraction[static_cast<std::size_t>(s.district)][now % 24];
    cumulative_[i] = sum;
  }
}

std::size_t CityModel::destination() {
  const double dice = random_.fraction() * cumulative_.back();
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), dice);
  return std::min(static_cast<std::size_t>(found - cumulative_.begin()), stations_.size() - 1);
}

void CityModel::ride(std::size_t to, std::size_t minutes) {
  const std::size_t trip = std::clamp<std::size_t>(minutes, 1, kLongestTrip - 1);
  arrivals_[(static_cast<std::size_t>(minute_) + trip) % kLongestTrip].push_back(
      static_cast<std::uint32_t>(to));
}

void CityModel::depart(std::size_t from) {
  Station& s = stations_[from];
  if (s.bikes == 0) {
    return;  // the people walk
  }
  --s.bikes;
  ++on_trip_;
  s.changed = minute_;
  const std::size_t to = destination();
  const double km = distance(s, stations_[to]);
  ride(to, static_cast<std::size_t>(2 + km * kMinutesPerKm * (0.8 + 0.6 * random_.fraction())));
}

void CityModel::arrive(std::size_t at) {
  Station* s = &stations_[at];
  for (std::size_t n = 0; s->bikes == s->docks && n < kNeighbours; ++n) {
    s = &stations_[neighbours_[at][n]];
  }
  if (s->bikes == s->docks) {
    ride(neighbours_[at][random_.below(kNeighbours)], 3);
    return;
  }
  ++s->bikes;
  --on_trip_;
  s->changed = minute_;
}

void CityModel::step() {
  ++minute_;
  const auto hour = static_cast<std::size_t>(minute_ / 60 % 24);
  weigh(static_cast<double>(minute_ / 60));
  // Moved out first: whoever rides on arrives in another minute.
  std::vector<std::uint32_t> now;
  now.swap(arrivals_[static_cast<std::size_t>(minute_) % kLongestTrip]);
  for (const std::uint32_t at : now) {
    arrive(at);
  }
  now.clear();
  arrivals_[static_cast<std::size_t>(minute_) % kLongestTrip].swap(now);
  for (std::size_t i = 0; i < stations_.size(); ++i) {
    const double expected = kDepartures[static_cast<std::size_t>(stations_[i].district)][hour] *
                            stations_[i].docks / 10 / 60;
    // Two chances in a minute stand for a Poisson process of such a low rate.
    for (int chance = 0; chance < 2; ++chance) {
      if (random_.strikes(expected / 2)) {
        depart(i);
      }
    }
  }
}

}  // namespace rafale::bikes
