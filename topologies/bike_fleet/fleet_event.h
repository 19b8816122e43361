// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the sinks receive: a change of a station, read from its tuple and written as JSON lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rafale/schema.h"
#include "rafale/tuple.h"

namespace rafale::bikes {

/// One tuple of event_schema(). Views are valid as long as the tuple.
struct FleetEvent {
  std::string_view contract;
  std::string_view number;
  std::int64_t delta = 0;
  std::int64_t bikes = 0;
  std::optional<std::int64_t> at = std::nullopt;
  std::string_view turned = {};
  bool initial = false;
  std::int64_t empty_in_city = 0;
  std::string_view address{};  ///< empty if the tuple does not carry it
};

/// Reads events from tuples of one schema.
class FleetEventReader {
 public:
  FleetEventReader() = default;
  /// Throws std::invalid_argument if a field of event_schema() is missing.
  explicit FleetEventReader(const Schema& schema);

  FleetEvent read(const Tuple& tuple) const;

 private:
  Field<std::string_view> contract_, number_, turned_;
  Field<std::int64_t> delta_, bikes_, at_, empty_in_city_;
  Field<bool> initial_;
  std::optional<Field<std::string_view>> address_;
};

/// Appends {"event":"delta",...} as one line.
void append_delta_line(std::string& to, const FleetEvent& event);

/// Appends, without a line feed, what a station that became empty or is no longer has to say in the
/// topic of empty stations: {"station_id","address","city","is_empty","available_bikes",
/// "last_update","empty_in_city"}. The number is in digits where it consists of digits.
void append_empty_station(std::string& to, const FleetEvent& event);

/// Appends the event as one line {"event":"delta",...} if bikes came or went, and one line
/// {"event":"empty",...} or {"event":"not_empty",...} if the station turned so. `at` is null if the
/// station never said when; "initial":true is there only if it is true.
void append_event_lines(std::string& to, const FleetEvent& event);

}  // namespace rafale::bikes
