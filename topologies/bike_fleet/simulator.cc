// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The polls of the simulator and the text of its records.
#include "topologies/bike_fleet/simulator.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "topologies/bike_fleet/json_text.h"

namespace rafale::bikes {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace

Simulator::Simulator(Options options) : options_(std::move(options)) {
  auto stations = static_cast<std::size_t>(std::max<std::int64_t>(options_.stations, 1));
  Random seeds(static_cast<std::uint64_t>(options_.seed));
  for (const std::string& name : options_.cities) {
    City city{CityModel(stations, options_.hour * 60, seeds.next()), {}};
    for (std::size_t i = 0; i < stations; ++i) {
      city.heads.push_back(head_of(name, i, city.model.stations()[i]));
    }
    cities_.push_back(std::move(city));
    in_poll_ += stations;
    stations = std::max<std::size_t>(1, stations * 3 / 4);
  }
}

std::string Simulator::head_of(const std::string& city, std::size_t index,
                               const CityModel::Station& station) {
  const std::size_t number = 1001 + index;
  std::string text = "{\"number\":";
  append_number(text, static_cast<std::int64_t>(number));
  text += ",\"contract_name\":";
  append_json_string(text, city);
  text += ",\"name\":\"" + std::to_string(number) + " - ";
  text += to_string(station.district);
  text += "\",\"address\":\"\",\"position\":{";
  char place[64];
  std::snprintf(place, sizeof place, "\"lat\":%.5f,\"lng\":%.5f", 45.75 + station.y / 111,
                4.85 + station.x / 78);
  text += place;
  text += "},\"banking\":false,\"bonus\":false,\"bike_stands\":";
  append_number(text, station.docks);
  return text;
}

bool Simulator::next(SourceRecord& record) {
  if (in_poll_ == 0 || (options_.records > 0 && given_ >= options_.records)) {
    return false;
  }
  write_record();
  // A poll takes its whole minute, as a slow client's would: so the records come evenly.
  const std::int64_t minute = cities_[city_].model.minute();
  record.text = text_;
  record.position = ++given_;
  record.moment = kFirstDay + minute * kMinuteMs +
                  static_cast<std::int64_t>(at_) * kMinuteMs / static_cast<std::int64_t>(in_poll_);
  record.cut = false;
  ++at_;
  if (++station_ == cities_[city_].heads.size()) {
    cities_[city_].model.step();
    station_ = 0;
    if (++city_ == cities_.size()) {
      city_ = 0;
      at_ = 0;
    }
  }
  return true;
}

void Simulator::write_record() {
  const City& city = cities_[city_];
  const CityModel::Station& station = city.model.stations()[station_];
  text_.assign(city.heads[station_]);
  text_ += ",\"available_bike_stands\":";
  append_number(text_, station.docks - station.bikes);
  text_ += ",\"available_bikes\":";
  append_number(text_, station.bikes);
  text_ += ",\"status\":\"OPEN\",\"last_update\":";
  append_number(text_, kFirstDay + station.changed * kMinuteMs);
  text_ += '}';
}

}  // namespace rafale::bikes
