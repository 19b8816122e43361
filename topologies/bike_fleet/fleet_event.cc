// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The JSON lines of events*.jsonl.
#include "topologies/bike_fleet/fleet_event.h"

#include "topologies/bike_fleet/json_text.h"

namespace rafale::bikes {
namespace {

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
      initial_(schema.field<bool>("initial")) {
  if (schema.find("address")) {
    address_ = schema.field<std::string_view>("address");
  }
}

FleetEvent FleetEventReader::read(const Tuple& tuple) const {
  return {.contract = tuple.get(contract_),
          .number = tuple.get(number_),
          .delta = tuple.get(delta_),
          .bikes = tuple.get(bikes_),
          .at = tuple.is_null(at_) ? std::nullopt : std::optional(tuple.get(at_)),
          .turned = tuple.get(turned_),
          .initial = tuple.get(initial_),
          .empty_in_city = tuple.get(empty_in_city_),
          .address = address_ ? tuple.get(*address_) : std::string_view()};
}

void append_delta_line(std::string& to, const FleetEvent& event) {
  append_head(to, "delta", event);
  append_number(to, R"(,"delta":)", event.delta);
  append_number(to, R"(,"bikes":)", event.bikes);
  append_tail(to, event);
}

void append_empty_station(std::string& to, const FleetEvent& event) {
  to += R"({"station_id":)";
  constexpr std::size_t kMostDigits = 18;
  const bool digits = event.number.find_first_not_of("0123456789") == std::string_view::npos &&
                      event.number.size() <= kMostDigits &&
                      (event.number.size() == 1 || event.number[0] != '0');
  if (digits) {
    to += event.number;
  } else {
    append_json_string(to, event.number);
  }
  to += R"(,"address":)";
  append_json_string(to, event.address);
  to += R"(,"city":)";
  append_json_string(to, event.contract);
  to += event.turned == "empty" ? R"(,"is_empty":true)" : R"(,"is_empty":false)";
  append_number(to, R"(,"available_bikes":)", event.bikes);
  if (event.at) {
    append_number(to, R"(,"last_update":)", *event.at);
  } else {
    to += R"(,"last_update":null)";
  }
  append_number(to, R"(,"empty_in_city":)", event.empty_in_city);
  to += '}';
}

void append_event_lines(std::string& to, const FleetEvent& event) {
  if (event.delta != 0) append_delta_line(to, event);
  if (!event.turned.empty()) {
    append_head(to, event.turned, event);
    append_number(to, R"(,"bikes":)", event.bikes);
    append_number(to, R"(,"empty_in_city":)", event.empty_in_city);
    append_tail(to, event);
  }
}

}  // namespace rafale::bikes
