// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The components of the topology by name, and the fields of the streams between them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rafale/schema.h"

namespace rafale::bikes {

inline constexpr const char* kFeed = "feed";
inline constexpr const char* kParse = "parse";
inline constexpr const char* kStation = "station";
inline constexpr const char* kCity = "city";
inline constexpr const char* kEvents = "events";
inline constexpr const char* kTrace = "trace";
inline constexpr const char* kUnreadable = "unreadable";
inline constexpr const char* kStands = "stands";
inline constexpr const char* kStats = "city_stats";

/// The fields that every stream is grouped by between feed and station.
inline const std::vector<std::string> kStationFields{"contract", "number"};

/// feed -> parse. Contract and number are empty if the record does not say them.
inline Schema raw_schema() {
  return {{"contract", FieldType::string},
          {"number", FieldType::string},
          {"position", FieldType::int64},
          {"record", FieldType::string}};
}

/// feed -> parse, stream "unreadable": what no tuple can carry or what could not be read, on its
/// way to the dead letters. `record` is as much of it as there is room for.
inline Schema unreadable_schema() {
  return {
      {"position", FieldType::int64}, {"reason", FieldType::string}, {"record", FieldType::string}};
}

/// The schema, with a last field "address" if somebody needs it: it costs what copying it costs.
inline Schema with_address(Schema schema, bool address) {
  if (!address) return schema;
  std::vector<FieldDef> fields = schema.fields();
  fields.push_back({"address", FieldType::string});
  return Schema(std::move(fields));
}

/// parse -> station. `at` is null if the station never reported.
inline Schema reading_schema(bool address = false) {
  return with_address({{"contract", FieldType::string},
                       {"number", FieldType::string},
                       {"position", FieldType::int64},
                       {"bikes", FieldType::int64},
                       {"at", FieldType::int64}},
                      address);
}

/// parse -> city_stats, stream "stands", only with bikes.stats: the free stands of each record that
/// says when it was made and how many there are.
inline Schema stands_schema() {
  return {{"contract", FieldType::string},
          {"number", FieldType::string},
          {"position", FieldType::int64},
          {"at", FieldType::int64},
          {"stands", FieldType::int64}};
}

/// station -> city: one tuple for each record that changed its station. `delta` is 0 if only
/// `turned` speaks; `turned` is "empty", "not_empty" or "" and `initial` marks the first record of
/// a station.
inline Schema change_schema(bool address = false) {
  return with_address({{"contract", FieldType::string},
                       {"number", FieldType::string},
                       {"delta", FieldType::int64},
                       {"bikes", FieldType::int64},
                       {"at", FieldType::int64},
                       {"turned", FieldType::string},
                       {"initial", FieldType::boolean}},
                      address);
}

/// city -> events: a change, and how many stations of the contract are empty after it.
inline Schema event_schema(bool address = false) {
  std::vector<FieldDef> fields = change_schema().fields();
  fields.push_back({"empty_in_city", FieldType::int64});
  return with_address(Schema(std::move(fields)), address);
}

/// station -> trace, only with bikes.trace: each record that reached the station.
inline Schema trace_schema() {
  return {{"contract", FieldType::string},
          {"number", FieldType::string},
          {"position", FieldType::int64},
          {"stale", FieldType::boolean}};
}

}  // namespace rafale::bikes
