// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What is new about a station.
#include "topologies/bike_fleet/station_bolt.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <vector>

#include "rafale/hash.h"
#include "topologies/bike_fleet/source_position.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

StationName name_of(const StationKey& key) {
  return {std::string(key.contract), std::string(key.number)};
}

}  // namespace

std::size_t StationBolt::Hash::operator()(const StationKey& key) const {
  return hash_bytes(hash_bytes(kHashSeed, FieldType::string, key.contract), FieldType::string,
                    key.number);
}

void StationBolt::start(TaskContext& context, BoltCollector&) {
  const Schema& reading = context.input(kParse);
  contract_ = reading.field<std::string_view>("contract");
  number_ = reading.field<std::string_view>("number");
  position_ = reading.field<std::int64_t>("position");
  bikes_ = reading.field<std::int64_t>("bikes");
  at_ = reading.field<std::int64_t>("at");
  stale_ = &context.counter("stale");
  if (options_.trace) {
    trace_stream_ = context.output(kTrace);
  }
  if (options_.address) {
    address_ = reading.field<std::string_view>("address");
  }
  if (on_disk()) load();
}

void StationBolt::load() {
  stations_.clear();
  kept_changes_.for_each([&](const StationPlace& place, const Change& change) {
    stations_[place.station].changes.push_back(change);
  });
  kept_stations_.for_each([&](const StationName& name, const StationValue& value) {
    State& state = stations_[name];
    state.position = value.position;
    state.bikes = value.bikes;
    state.empty = value.bikes == 0;
    find_last(state, value.told);
  });
}

StationBolt::State& StationBolt::state_of(const StationKey& key) {
  const auto found = stations_.find(key);
  if (found != stations_.end()) [[likely]] {
    return found->second;
  }
  return stations_.emplace(name_of(key), State{}).first->second;
}

bool StationBolt::is_stale(std::int64_t position, const State& state) const {
  if (position > state.position) return false;
  return !options_.partitions || state.position == State::kNever ||
         SourcePosition::unpack(position).file == SourcePosition::unpack(state.position).file;
}

void StationBolt::process(const Tuple& in, BasicCollector& out) {
  const StationKey key{in.get(contract_), in.get(number_)};
  State& state = state_of(key);
  const bool stale = is_stale(in.get(position_), state);
  if (options_.trace) {
    out.emit_to(trace_stream_, key.contract, key.number, in.get(position_), stale);
  }
  if (stale) {
    stale_->add();
    tell_again(in, key, state, out);
    // What this record was told by may not be on the disk yet: then its ack has to wait.
    if (on_disk()) static_cast<void>(kept_stations_.get(name_of(key)));
  } else {
    apply(in, key, state, out);
  }
}

void StationBolt::apply(const Tuple& in, const StationKey& key, State& state, BasicCollector& out) {
  const std::int64_t bikes = in.get(bikes_);
  const std::int64_t delta = bikes - state.bikes;
  const bool empty = bikes == 0;
  if (delta != 0 || empty != state.empty) {
    const Change change{.position = in.get(position_),
                        .delta = delta,
                        .bikes = bikes,
                        .at = in.is_null(at_) ? std::nullopt : std::optional(in.get(at_)),
                        .turned = empty == state.empty ? ""
                                  : empty              ? "empty"
                                                       : "not_empty",
                        .initial = state.position == State::kNever};
    tell(in, key, change, out);
    keep(key, change, state);
  }
  // Last, as an emit that throws fails the tuple, and its replay must not be stale.
  state.position = in.get(position_);
  state.bikes = bikes;
  state.empty = empty;
  if (!on_disk()) return;
  forget_old_changes(key, state);
  kept_stations_.put(name_of(key),
                     {state.position, state.bikes, state.changes[state.last].position});
}

void StationBolt::tell(const Tuple& in, const StationKey& key, const Change& change,
                       BasicCollector& out) {
  if (options_.address) {
    out.emit(key.contract, key.number, change.delta, change.bikes, change.at, change.turned,
             change.initial, in.get(address_));
  } else {
    out.emit(key.contract, key.number, change.delta, change.bikes, change.at, change.turned,
             change.initial);
  }
}

void StationBolt::keep(const StationKey& key, const Change& change, State& state) {
  if (on_disk()) kept_changes_.put({name_of(key), change.position}, change);
  if (on_disk() || state.changes.size() < kKept) {
    state.last = state.changes.size();
    state.changes.push_back(change);
  } else {
    state.last = (state.last + 1) % kKept;
    state.changes[state.last] = change;
  }
}

// The last one stays. Half of them at a time, as what is behind them moves up. Of another partition
// nothing is known; it is left as it is, and grows no more.
void StationBolt::forget_old_changes(const StationKey& key, State& state) {
  const auto here = SourcePosition::unpack(state.position);
  const std::int64_t last = state.changes[state.last].position;
  const auto is_old = [&](const Change& change) {
    const auto then = SourcePosition::unpack(change.position);
    return (!options_.partitions || then.file == here.file) &&
           then.is_behind(here, options_.window) && change.position != last;
  };
  if (state.changes.size() < kKept || !is_old(state.changes[state.changes.size() / 2])) return;
  for (const Change& change : state.changes) {
    if (is_old(change)) kept_changes_.erase({name_of(key), change.position});
  }
  std::erase_if(state.changes, is_old);
  find_last(state, last);
}

void StationBolt::find_last(State& state, std::int64_t position) {
  const auto last = std::ranges::find(state.changes, position, &Change::position);
  if (last == state.changes.end()) {
    throw std::runtime_error("the state of the stations is damaged: a change is missing");
  }
  state.last = static_cast<std::size_t>(last - state.changes.begin());
}

void StationBolt::tell_again(const Tuple& in, const StationKey& key, const State& state,
                             BasicCollector& out) {
  const std::int64_t position = in.get(position_);
  for (std::size_t i = 0; i < state.changes.size(); ++i) {
    if (state.changes[i].position != position) continue;
    tell(in, key, state.changes[i], out);
    if (i != state.last) tell(in, key, state.changes[state.last], out);
    return;
  }
}

}  // namespace rafale::bikes
