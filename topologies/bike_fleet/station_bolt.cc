// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What is new about a station.
#include "topologies/bike_fleet/station_bolt.h"

#include <optional>

#include "rafale/hash.h"
#include "topologies/bike_fleet/source_position.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {

std::size_t StationBolt::Hash::operator()(const StationKey& key) const {
  return hash_bytes(hash_bytes(kHashSeed, FieldType::string, key.contract), FieldType::string,
                    key.number);
}

void StationBolt::prepare(TaskContext& context) {
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
}

StationBolt::State& StationBolt::state_of(const StationKey& key) {
  const auto found = stations_.find(key);
  if (found != stations_.end()) [[likely]] {
    return found->second;
  }
  return stations_.emplace(Key{std::string(key.contract), std::string(key.number)}, State{})
      .first->second;
}

bool StationBolt::is_stale(std::int64_t position, const State& state) const {
  if (position > state.position) return false;
  return !options_.partitions || state.position == State::kNever ||
         SourcePosition::unpack(position).file == SourcePosition::unpack(state.position).file;
}

void StationBolt::execute(const Tuple& in, BasicCollector& out) {
  const StationKey key{in.get(contract_), in.get(number_)};
  State& state = state_of(key);
  const bool stale = is_stale(in.get(position_), state);
  if (options_.trace) {
    out.emit_to(trace_stream_, key.contract, key.number, in.get(position_), stale);
  }
  if (stale) {
    stale_->add();
    tell_again(in, key, state, out);
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
    keep(change, state);
  }
  // Last, as an emit that throws fails the tuple, and its replay must not be stale.
  state.position = in.get(position_);
  state.bikes = bikes;
  state.empty = empty;
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

void StationBolt::keep(const Change& change, State& state) {
  if (state.changes.size() < kKept) {
    state.last = state.changes.size();
    state.changes.push_back(change);
  } else {
    state.last = (state.last + 1) % kKept;
    state.changes[state.last] = change;
  }
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
