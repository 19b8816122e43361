// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The JSON lines of events*.jsonl.
#include "topologies/bike_fleet/fleet_event.h"

#include <charconv>

#include "topologies/bike_fleet/json_text.h"

namespace rafale::bikes {
namespace {

void append_number(std::string& to, std::string_view name, std::int64_t value) {
  char digits[24];
  to += name;
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_head(std::string& to, std::string_view kind, const FleetEvent& event) {
  to += R"({"event":")";
  to += kind;
  to += R"(","contract":)";
  append_json_string(to, event.contract);
  to += R"(,"number":)";
  append_json_string(to, event.number);
}

void append_tail(std::string& to, const FleetEvent& event) {
  if (event.at) {
    append_number(to, R"(,"at":)", *event.at);
  } else {
    to += R"(,"at":null)";
  }
  to += event.initial ? ",\"initial\":true}\n" : "}\n";
}

}  // namespace

FleetEventReader::FleetEventReader(const Schema& schema)
    : contract_(schema.field<std::string_view>("contract")),
      number_(schema.field<std::string_view>("number")),
      turned_(schema.field<std::string_view>("turned")),
      delta_(schema.field<std::int64_t>("delta")),
      bikes_(schema.field<std::int64_t>("bikes")),
      at_(schema.field<std::int64_t>("at")),
      empty_in_city_(schema.field<std::int64_t>("empty_in_city")),
      initial_(schema.field<bool>("initial")) {}

FleetEvent FleetEventReader::read(const Tuple& tuple) const {
  return {.contract = tuple.get(contract_),
          .number = tuple.get(number_),
          .delta = tuple.get(delta_),
          .bikes = tuple.get(bikes_),
          .at = tuple.is_null(at_) ? std::nullopt : std::optional(tuple.get(at_)),
          .turned = tuple.get(turned_),
          .initial = tuple.get(initial_),
          .empty_in_city = tuple.get(empty_in_city_)};
}

void append_event_lines(std::string& to, const FleetEvent& event) {
  if (event.delta != 0) {
    append_head(to, "delta", event);
    append_number(to, R"(,"delta":)", event.delta);
    append_number(to, R"(,"bikes":)", event.bikes);
    append_tail(to, event);
  }
  if (!event.turned.empty()) {
    append_head(to, event.turned, event);
    append_number(to, R"(,"bikes":)", event.bikes);
    append_number(to, R"(,"empty_in_city":)", event.empty_in_city);
    append_tail(to, event);
  }
}

}  // namespace rafale::bikes
