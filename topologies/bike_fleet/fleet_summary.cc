// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counting, and rates over a sliding second.
#include "topologies/bike_fleet/fleet_summary.h"

#include <algorithm>
#include <utility>

namespace rafale::bikes {

void FleetSummary::add(const FleetEvent& event) {
  deltas_ += event.delta != 0 ? 1 : 0;
  if (event.at) {
    latest_ = std::max(latest_.value_or(*event.at), *event.at);
  }
  auto city = empty_.find(event.contract);
  if (city == empty_.end()) {
    city = empty_.emplace(event.contract, 0).first;
  }
  city->second = event.empty_in_city;
  if (event.turned.empty()) {
    return;
  }
  ++transitions_seen_;
  if (last_.size() == remembered_ && !last_.empty()) {
    last_.pop_back();
  }
  if (remembered_ > 0) {
    last_.push_front({std::string(event.contract), std::string(event.number),
                      event.turned == "empty", event.bikes, event.empty_in_city, event.at});
  }
}

void FleetSummary::sample(const TopologyStats& stats) {
  stats_ = stats;
  samples_.push_back({stats.uptime_s, stats.acked + stats.dead_lettered, deltas_});
  // The first sample that is at least a second old is the one to compare with.
  while (samples_.size() > 2 && stats.uptime_s - samples_[1].uptime_s >= 1) {
    samples_.pop_front();
  }
  const Sample& from = samples_.front();
  const Sample& to = samples_.back();
  if (const double seconds = to.uptime_s - from.uptime_s; seconds > 0) {
    records_per_s_ = static_cast<double>(to.records - from.records) / seconds;
    deltas_per_s_ = static_cast<double>(to.deltas - from.deltas) / seconds;
  }
}

std::int64_t FleetSummary::empty_total() const {
  std::int64_t total = 0;
  for (const auto& [contract, empty] : empty_) {
    total += empty;
  }
  return total;
}

}  // namespace rafale::bikes
