// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Remembers each station and tells what a record changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connectors/state/keyed_state.h"
#include "connectors/state/stateful_bolt.h"
#include "topologies/bike_fleet/station_record.h"
#include "topologies/bike_fleet/station_state.h"

namespace rafale::bikes {

/// From reading_schema(), grouped by contract and number, to change_schema(). The first record of a
/// station counts from zero bikes and "not empty", and is marked as initial. A record at or below
/// the last position applied to its station, which a replay brings, changes nothing, is acked and
/// counted as `stale`. With partitions there is no order between two of them: a record of another
/// partition than the last one is applied.
///
/// A stale record that was applied before may come again because what it changed got lost behind
/// this bolt, with a worker: its change is told again, and the station's last one after it, so that
/// no change is lost and the last word on a station is right. Of each station the last kKept
/// changes are known.
///
/// With `topology.state.dir` all that is kept over the death of the task, and instead of the last
/// kKept changes those of the last `window` positions, and the last one: when the source has at
/// most so many records between the oldest that is not complete and the newest, these are all that
/// can come again. A change that is in a snapshot and with no sink is then told when its record
/// comes.
class StationBolt final : public connectors::StatefulBolt {
 public:
  struct Options {
    bool trace = false;       ///< also emit each record that arrives to the stream "trace"
    bool partitions = false;  ///< the files of positions are partitions
    bool address = false;     ///< changes carry the address
    std::int64_t window = std::int64_t{1} << 20;
  };

  explicit StationBolt(Options options) : options_(options) {}

 protected:
  void start(TaskContext& context, BoltCollector& out) override;
  void process(const Tuple& in, BasicCollector& out) override;
  void went_back() override { load(); }

 private:
  using State = StationState;
  using Change = StationChange;
  static constexpr std::size_t kKept = 32;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const StationKey& key) const;
    std::size_t operator()(const StationName& key) const { return (*this)(key.view()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const StationName& a, const StationName& b) const {
      return a.view() == b.view();
    }
    bool operator()(const StationKey& a, const StationName& b) const { return a == b.view(); }
    bool operator()(const StationName& a, const StationKey& b) const { return a.view() == b; }
  };

  void load();
  State& state_of(const StationKey& key);
  bool is_stale(std::int64_t position, const State& state) const;
  void tell(const Tuple& in, const StationKey& key, const Change& change, BasicCollector& out);
  void tell_again(const Tuple& in, const StationKey& key, const State& state, BasicCollector& out);
  void keep(const StationKey& key, const Change& change, State& state);
  void forget_old_changes(const StationKey& key, State& state);
  static void find_last(State& state, std::int64_t position);
  void apply(const Tuple& in, const StationKey& key, State& state, BasicCollector& out);

  Options options_;
  StreamId trace_stream_;
  Counter* stale_ = nullptr;
  Field<std::string_view> contract_, number_, address_;
  Field<std::int64_t> position_, bikes_, at_;
  // All states; what is on the disk is written through.
  std::unordered_map<StationName, State, Hash, Equal> stations_;
  connectors::KeyedState<StationName, StationValue> kept_stations_{*this, "stations"};
  connectors::KeyedState<StationPlace, StationChange> kept_changes_{*this, "changes"};
};

}  // namespace rafale::bikes
