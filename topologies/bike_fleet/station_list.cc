// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Over the commas of one array.
#include "topologies/bike_fleet/station_list.h"

#include "topologies/bike_fleet/json_cursor.h"

namespace rafale::bikes {
namespace {

std::string split_array(JsonCursor& cursor, std::vector<std::string_view>& stations) {
  if (!cursor.expect('[')) return "the answer has no list of stations";
  if (cursor.peek() == ']') return {};
  do {
    cursor.peek();
    const char* const begin = cursor.position();
    if (!cursor.skip_value()) break;
    const std::string_view station(begin, static_cast<std::size_t>(cursor.position() - begin));
    const char next = cursor.peek();
    if (next != ',' && next != ']') break;
    stations.push_back(station);
    if (next == ']') return {};
  } while (cursor.expect(','));
  return "the answer is cut short or broken behind " + std::to_string(stations.size()) +
         " stations; the others come with the next poll";
}

/// Goes to the value of a field of the object at the cursor.
bool enter(JsonCursor& cursor, std::string_view wanted) {
  if (!cursor.expect('{')) return false;
  do {
    std::string_view name;
    bool escaped = false;
    if (!cursor.string(name, escaped) || !cursor.expect(':')) return false;
    if (name == wanted) return true;
    if (!cursor.skip_value()) return false;
  } while (cursor.expect(','));
  return false;
}

}  // namespace

std::string split_stations(std::string_view body, Format format,
                           std::vector<std::string_view>& stations) {
  JsonCursor cursor(body);
  if (format == Format::gbfs && (!enter(cursor, "data") || !enter(cursor, "stations"))) {
    return "the answer has no data.stations";
  }
  return split_array(cursor, stations);
}

}  // namespace rafale::bikes
