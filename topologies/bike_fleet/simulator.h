// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Records of made-up cities, as the JCDecaux interface (v1) would give them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "topologies/bike_fleet/city_model.h"
#include "topologies/bike_fleet/record_source.h"

namespace rafale::bikes {

/// Polls every station of every city once a simulated minute, for ever. The cities use the same
/// station numbers, as real ones do. The same options give the same records.
class Simulator final : public RecordSource {
 public:
  struct Options {
    std::vector<std::string> cities{"lyon", "nantes", "toulouse"};
    std::int64_t stations =
        240;  ///< of the first city; each further one has three quarters of that
    std::int64_t seed = 1;
    std::int64_t hour = 6;     ///< of the day at which it begins
    std::int64_t records = 0;  ///< after which it ends; 0: never
  };

  explicit Simulator(Options options);

  void open() override {}
  bool next(SourceRecord& record) override;
  std::int64_t position() const override { return given_; }
  const std::vector<std::string>& names() const override { return names_; }

  /// The first of the simulated days, a Monday, in milliseconds since 1970.
  static constexpr std::int64_t kFirstDay = 1'717'372'800'000;  // 2024-06-03

 private:
  struct City {
    CityModel model;
    std::vector<std::string> heads;  // of the records of each station, up to the stands
  };

  void write_record();
  static std::string head_of(const std::string& city, std::size_t index,
                             const CityModel::Station& station);

  Options options_;
  std::vector<std::string> names_{"simulator"};
  std::vector<City> cities_;
  std::size_t in_poll_ = 0;  // stations in all cities
  std::size_t city_ = 0;     // of the next record
  std::size_t station_ = 0;
  std::size_t at_ = 0;  // records given in this poll
  std::int64_t given_ = 0;
  std::string text_;
};

}  // namespace rafale::bikes
