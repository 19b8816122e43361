// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Knows which stations of a city are empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "connectors/state/keyed_state.h"
#include "connectors/state/stateful_bolt.h"
#include "topologies/bike_fleet/station_state.h"

namespace rafale::bikes {

/// From change_schema(), grouped by contract, to event_schema(): adds how many stations of the
/// contract are empty now. That is the size of a set, so a change that comes twice counts once.
/// With `topology.state.dir` the set is kept over the death of the task.
class CityBolt final : public connectors::StatefulBolt {
 public:
  /// `emit_initial`: false keeps the changes of first records back, after they have counted.
  /// `address`: changes carry the address, and so do events.
  explicit CityBolt(bool emit_initial, bool address = false)
      : emit_initial_(emit_initial), with_address_(address) {}

 protected:
  void start(TaskContext& context, BoltCollector& out) override;
  void process(const Tuple& in, BasicCollector& out) override;
  void went_back() override { load(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Numbers = std::unordered_set<std::string, TextHash, std::equal_to<>>;

  void load();
  Numbers& empty_in(std::string_view contract);

  bool emit_initial_;
  bool with_address_;
  Field<std::string_view> contract_, number_, turned_, address_;
  Field<std::int64_t> delta_, bikes_, at_;
  Field<bool> initial_;
  std::unordered_map<std::string, Numbers, TextHash, std::equal_to<>> empty_;
  connectors::KeyedState<StationName, bool> kept_{*this, "empty"};  // only the keys count
};

}  // namespace rafale::bikes
