// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What is known of a station, and how it lies on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/state/state_codec.h"
#include "topologies/bike_fleet/station_record.h"

namespace rafale::bikes {

/// A StationKey that owns its texts.
struct StationName {
  std::string contract, number;
  StationKey view() const { return {contract, number}; }
};

/// What one record changed.
struct StationChange {
  std::int64_t position = 0;
  std::int64_t delta = 0;
  std::int64_t bikes = 0;
  std::optional<std::int64_t> at{};
  std::string_view turned{};  ///< static text: "", "empty" or "not_empty"
  bool initial = false;
};

struct StationState {
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
  std::int64_t position = kNever;  ///< of the last record applied
  std::int64_t bikes = 0;
  bool empty = false;
  std::vector<StationChange> changes{};  ///< that may have to be told again
  std::size_t last = 0;                  ///< in changes
};

/// The key of a change on the disk.
struct StationPlace {
  StationName station;
  std::int64_t position = 0;
};

/// The part of a StationState that is one value: all but the changes. `told` is the position of the
/// last change.
struct StationValue {
  std::int64_t position = 0;
  std::int64_t bikes = 0;
  std::int64_t told = 0;
};

}  // namespace rafale::bikes

namespace rafale::connectors {

/// Reads and writes the parts of one value in a row.
class StateFields {
 public:
  explicit StateFields(std::string_view from) : from_(from) {}
  template <class T>
  T integer() {
    return StateCodec<T>::decode(take(sizeof(T)));
  }
  std::string text() { return std::string(take(integer<std::uint32_t>())); }

  template <class T>
  static void put(T value, std::string& to) {
    StateCodec<T>::encode(value, to);
  }
  static void put_text(std::string_view text, std::string& to) {
    put(static_cast<std::uint32_t>(text.size()), to);
    to += text;
  }

 private:
  std::string_view take(std::size_t bytes) {
    if (bytes > from_.size()) throw std::runtime_error("the state of a station is cut short");
    const std::string_view taken = from_.substr(0, bytes);
    from_.remove_prefix(bytes);
    return taken;
  }
  std::string_view from_;
};

template <>
struct StateCodec<bikes::StationName> {
  static std::string name() { return "station-name-1"; }
  static void encode(const bikes::StationName& from, std::string& to) {
    StateFields::put_text(from.contract, to);
    StateFields::put_text(from.number, to);
  }
  static bikes::StationName decode(std::string_view from) {
    StateFields fields(from);
    std::string contract = fields.text();
    return {std::move(contract), fields.text()};
  }
};

template <>
struct StateCodec<bikes::StationPlace> {
  static std::string name() { return "station-place-1"; }
  static void encode(const bikes::StationPlace& from, std::string& to) {
    StateCodec<bikes::StationName>::encode(from.station, to);
    StateFields::put(from.position, to);
  }
  static bikes::StationPlace decode(std::string_view from) {
    StateFields fields(from);
    bikes::StationPlace place;
    place.station.contract = fields.text();
    place.station.number = fields.text();
    place.position = fields.integer<std::int64_t>();
    return place;
  }
};

template <>
struct StateCodec<bikes::StationValue> {
  static std::string name() { return "station-1"; }
  static void encode(const bikes::StationValue& from, std::string& to) {
    StateFields::put(from.position, to);
    StateFields::put(from.bikes, to);
    StateFields::put(from.told, to);
  }
  static bikes::StationValue decode(std::string_view from) {
    StateFields fields(from);
    bikes::StationValue value;
    value.position = fields.integer<std::int64_t>();
    value.bikes = fields.integer<std::int64_t>();
    value.told = fields.integer<std::int64_t>();
    return value;
  }
};

template <>
struct StateCodec<bikes::StationChange> {
  static std::string name() { return "station-change-1"; }
  static void encode(const bikes::StationChange& from, std::string& to) {
    StateFields::put(from.position, to);
    StateFields::put(from.delta, to);
    StateFields::put(from.bikes, to);
    StateFields::put(from.at.has_value(), to);
    StateFields::put(from.at.value_or(0), to);
    StateFields::put(from.turned == "empty", to);
    StateFields::put(from.turned == "not_empty", to);
    StateFields::put(from.initial, to);
  }
  static bikes::StationChange decode(std::string_view from) {
    StateFields fields(from);
    bikes::StationChange change;
    change.position = fields.integer<std::int64_t>();
    change.delta = fields.integer<std::int64_t>();
    change.bikes = fields.integer<std::int64_t>();
    const bool has_at = fields.integer<bool>();
    const auto at = fields.integer<std::int64_t>();
    if (has_at) change.at = at;
    const bool turned_empty = fields.integer<bool>();
    const bool turned_not_empty = fields.integer<bool>();
    change.turned = turned_empty ? "empty" : turned_not_empty ? "not_empty" : "";
    change.initial = fields.integer<bool>();
    return change;
  }
};

}  // namespace rafale::connectors
