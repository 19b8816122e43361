// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a person wants to know of the fleet now, gathered from events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "rafale/context.h"
#include "topologies/bike_fleet/fleet_event.h"

namespace rafale::bikes {

/// A station that became empty or is no longer.
struct Transition {
  std::string contract;
  std::string number;
  bool empty = false;
  std::int64_t bikes = 0;
  std::int64_t empty_in_city = 0;
  std::optional<std::int64_t> at;
};

/// Counts events and remembers the last of them. Rates are those of the last second or so, between
/// two calls of sample(). A plain value, used on one thread.
class FleetSummary {
 public:
  /// `transitions` is how many of the last ones are remembered.
  explicit FleetSummary(std::size_t transitions) : remembered_(transitions) {}

  void add(const FleetEvent& event);
  /// Takes note of how far the topology has come; several times a second or less often.
  void sample(const TopologyStats& stats);

  double records_per_s() const { return records_per_s_; }
  double deltas_per_s() const { return deltas_per_s_; }
  std::int64_t transitions_seen() const { return transitions_seen_; }
  /// Stations empty now, by contract. A contract without any transition yet is there with 0.
  const std::map<std::string, std::int64_t, std::less<>>& empty_now() const { return empty_; }
  std::int64_t empty_total() const;
  /// The newest first.
  const std::deque<Transition>& last() const { return last_; }
  /// The latest moment that a record was of.
  std::optional<std::int64_t> latest() const { return latest_; }
  const TopologyStats& stats() const { return stats_; }

 private:
  struct Sample {
    double uptime_s = 0;
    std::uint64_t records = 0;
    std::int64_t deltas = 0;
  };

  std::size_t remembered_;
  std::int64_t deltas_ = 0;
  std::int64_t transitions_seen_ = 0;
  std::map<std::string, std::int64_t, std::less<>> empty_;
  std::deque<Transition> last_;
  std::optional<std::int64_t> latest_;
  std::deque<Sample> samples_;
  TopologyStats stats_;
  double records_per_s_ = 0;
  double deltas_per_s_ = 0;
};

}  // namespace rafale::bikes
