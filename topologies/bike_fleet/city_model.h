// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A made-up city whose people move its bikes about, one minute after another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "topologies/bike_fleet/random.h"

namespace rafale::bikes {

/// The bikes of one city. In the morning people ride from where they live to offices and railway
/// stations, at noon about the centre, in the evening back; at night little moves. A bike is in a
/// dock or on a trip, none is made or lost; who finds a station full rides on to the next one that
/// has a free dock. The same seed gives the same days.
class CityModel {
 public:
  enum class District : std::uint8_t { homes, offices, centre, railway };
  static constexpr std::size_t kDistricts = 4;

  struct Station {
    District district = District::homes;
    double x = 0;  ///< kilometres from the middle
    double y = 0;
    int docks = 0;
    int bikes = 0;
    std::int64_t changed = 0;  ///< minute of the last change
  };

  /// The city as it is at `minute`, counted from the first midnight.
  CityModel(std::size_t stations, std::int64_t minute, std::uint64_t seed);

  /// Lets one minute pass.
  void step();

  std::int64_t minute() const { return minute_; }
  const std::vector<Station>& stations() const { return stations_; }
  std::size_t on_trip() const { return on_trip_; }

 private:
  static constexpr std::size_t kLongestTrip = 64;  // minutes; the size of the ring of arrivals
  static constexpr std::size_t kNeighbours = 6;

  void place_stations();
  void find_neighbours();
  void weigh(double hour);
  std::size_t destination();
  void depart(std::size_t from);
  void arrive(std::size_t at);
  void ride(std::size_t to, std::size_t minutes);

  Random random_;
  std::int64_t minute_;
  std::vector<Station> stations_;
  std::vector<std::array<std::uint32_t, kNeighbours>> neighbours_;
  std::array<std::vector<std::uint32_t>, kLongestTrip> arrivals_;  // by minute modulo the size
  std::vector<double> cumulative_;  // attraction of stations 0..i at weighed_hour_
  std::int64_t weighed_hour_ = -1;
  std::size_t on_trip_ = 0;
};

std::string_view to_string(CityModel::District district);

}  // namespace rafale::bikes
