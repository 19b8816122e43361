// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Records applied up to a moment.
#include "topologies/bike_api/live_city.h"

#include <algorithm>
#include <stdexcept>

namespace rafale::bikes {
namespace {

using nlohmann::json;

constexpr std::int64_t kFirstMs = 60'000;  // what is played before the first request

std::string text_of(const json& record, const char* name) {
  const auto found = record.find(name);
  if (found == record.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::int64_t number_of(const json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

double place_of(const json& record, const char* name) {
  const auto found = record.find("position");
  if (found == record.end() || !found->is_object()) return 0;
  const auto value = found->find(name);
  return value != found->end() && value->is_number() ? value->get<double>() : 0;
}

}  // namespace

LiveCity::LiveCity(std::unique_ptr<RecordSource> source, double speed)
    : source_(std::move(source)), speed_(speed) {
  source_->open();
  if (!take() || !next_.moment) throw std::runtime_error("there are no records with moments");
  begin_ms_ = latest_ms_ = *next_.moment;
  at(0);
}

bool LiveCity::take() {
  have_next_ = source_->next(next_);
  return have_next_;
}

std::int64_t LiveCity::moment(std::int64_t elapsed_ms) const {
  return begin_ms_ + kFirstMs + static_cast<std::int64_t>(static_cast<double>(elapsed_ms) * speed_);
}

std::vector<LiveStation> LiveCity::at(std::int64_t elapsed_ms) {
  const std::lock_guard lock(mutex_);
  const std::int64_t until = moment(elapsed_ms);
  while (have_next_) {
    latest_ms_ = std::max(latest_ms_, next_.moment.value_or(0));
    if (latest_ms_ >= until) break;
    apply(next_);
    take();
  }
  std::vector<LiveStation> all;
  all.reserve(stations_.size());
  for (const auto& [key, station] : stations_) all.push_back(station);
  return all;
}

void LiveCity::apply(const SourceRecord& record) {
  const json fields = json::parse(record.text, nullptr, false);
  if (!fields.is_object()) return;
  LiveStation station;
  station.contract = text_of(fields, "contract_name");
  station.number = text_of(fields, "number");
  station.name = text_of(fields, "name");
  station.address = text_of(fields, "address");
  station.latitude = place_of(fields, "lat");
  station.longitude = place_of(fields, "lng");
  station.docks = number_of(fields, "bike_stands");
  station.free_docks = number_of(fields, "available_bike_stands");
  station.bikes = number_of(fields, "available_bikes");
  station.open = text_of(fields, "status") != "CLOSED";
  station.updated_ms = number_of(fields, "last_update");
  if (station.contract.empty() || station.number.empty()) return;
  stations_[{station.contract, station.number}] = std::move(station);
}

}  // namespace rafale::bikes
