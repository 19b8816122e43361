// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Remembers each station and tells what a record changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rafale/bolt.h"
#include "topologies/bike_fleet/station_record.h"

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
class StationBolt final : public BasicBolt {
 public:
  struct Options {
    bool trace = false;       ///< also emit each record that arrives to the stream "trace"
    bool partitions = false;  ///< the files of positions are partitions
    bool address = false;     ///< changes carry the address
  };

  explicit StationBolt(Options options) : options_(options) {}

  void prepare(TaskContext& context) override;
  void execute(const Tuple& in, BasicCollector& out) override;

 private:
  struct Change {
    std::int64_t position = 0;
    std::int64_t delta = 0;
    std::int64_t bikes = 0;
    std::optional<std::int64_t> at{};
    std::string_view turned{};  // static text
    bool initial = false;
  };
  static constexpr std::size_t kKept = 32;

  struct State {
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
    std::int64_t position = kNever;
    std::int64_t bikes = 0;
    bool empty = false;
    std::vector<Change> changes{};  // a ring once it is full
    std::size_t last = 0;           // in changes
  };
  struct Key {
    std::string contract, number;
    StationKey view() const { return {contract, number}; }
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const StationKey& key) const;
    std::size_t operator()(const Key& key) const { return (*this)(key.view()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Key& a, const Key& b) const { return a.view() == b.view(); }
    bool operator()(const StationKey& a, const Key& b) const { return a == b.view(); }
    bool operator()(const Key& a, const StationKey& b) const { return a.view() == b; }
  };

  State& state_of(const StationKey& key);
  bool is_stale(std::int64_t position, const State& state) const;
  void tell(const Tuple& in, const StationKey& key, const Change& change, BasicCollector& out);
  void tell_again(const Tuple& in, const StationKey& key, const State& state, BasicCollector& out);
  static void keep(const Change& change, State& state);
  void apply(const Tuple& in, const StationKey& key, State& state, BasicCollector& out);

  Options options_;
  StreamId trace_stream_;
  Counter* stale_ = nullptr;
  Field<std::string_view> contract_, number_, address_;
  Field<std::int64_t> position_, bikes_, at_;
  std::unordered_map<Key, State, Hash, Equal> stations_;
};

}  // namespace rafale::bikes
