// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One set of station numbers for each contract.
#include "topologies/bike_fleet/city_bolt.h"

#include <optional>

#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {

void CityBolt::start(TaskContext& context, BoltCollector&) {
  const Schema& change = context.input(kStation);
  contract_ = change.field<std::string_view>("contract");
  number_ = change.field<std::string_view>("number");
  delta_ = change.field<std::int64_t>("delta");
  bikes_ = change.field<std::int64_t>("bikes");
  at_ = change.field<std::int64_t>("at");
  turned_ = change.field<std::string_view>("turned");
  initial_ = change.field<bool>("initial");
  if (with_address_) {
    address_ = change.field<std::string_view>("address");
  }
  if (on_disk()) load();
}

void CityBolt::load() {
  empty_.clear();
  kept_.for_each(
      [&](const StationName& name, bool) { empty_[name.contract].emplace(name.number); });
}

CityBolt::Numbers& CityBolt::empty_in(std::string_view contract) {
  const auto found = empty_.find(contract);
  return found != empty_.end() ? found->second : empty_[std::string(contract)];
}

void CityBolt::process(const Tuple& in, BasicCollector& out) {
  const std::string_view number = in.get(number_);
  const std::string_view turned = in.get(turned_);
  Numbers& empty = empty_in(in.get(contract_));
  const auto name = [&] {
    return StationName{std::string(in.get(contract_)), std::string(number)};
  };
  if (turned == "empty") {
    empty.emplace(number);
    if (on_disk()) kept_.put(name(), true);
  } else if (turned == "not_empty") {
    if (const auto found = empty.find(number); found != empty.end()) {
      empty.erase(found);
    }
    if (on_disk()) kept_.erase(name());
  }
  const bool initial = in.get(initial_);
  if (initial && !emit_initial_) {
    return;
  }
  const auto at = in.is_null(at_) ? std::nullopt : std::optional(in.get(at_));
  if (with_address_) {
    out.emit(in.get(contract_), number, in.get(delta_), in.get(bikes_), at, turned, initial,
             empty.size(), in.get(address_));
  } else {
    out.emit(in.get(contract_), number, in.get(delta_), in.get(bikes_), at, turned, initial,
             empty.size());
  }
}

}  // namespace rafale::bikes
