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
  } else {
    apply(in, key, state, out);
  }
}

void StationBolt::apply(const Tuple& in, const StationKey& key, State& state, BasicCollector& out) {
  const std::int64_t bikes = in.get(bikes_);
  const std::int64_t delta = bikes - state.bikes;
  const bool empty = bikes == 0;
  if (delta != 0 || empty != state.empty) {
    const std::string_view turned = empty == state.empty ? "" : empty ? "empty" : "not_empty";
    const auto at = in.is_null(at_) ? std::nullopt : std::optional(in.get(at_));
    const bool initial = state.position == State::kNever;
    if (options_.address) {
      out.emit(key.contract, key.number, delta, bikes, at, turned, initial, in.get(address_));
    } else {
      out.emit(key.contract, key.number, delta, bikes, at, turned, initial);
    }
  }
  // Last, as an emit that throws fails the tuple, and its replay must not be stale.
  state = {in.get(position_), bikes, empty};
}

}  // namespace rafale::bikes
