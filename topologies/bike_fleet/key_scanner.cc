// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One pass over the fields of a record, up to the last one that matters.
#include "topologies/bike_fleet/key_scanner.h"

#include "topologies/bike_fleet/json_text.h"

namespace rafale::bikes {
namespace {

/// The string that stands at the cursor, without escapes; empty if there is none.
std::string_view text_at(JsonCursor cursor, std::string& unescaped) {
  std::string_view inside;
  bool escaped = false;
  if (!cursor.string(inside, escaped)) {
    return {};
  }
  if (!escaped) {
    return inside;
  }
  return unescape_json(inside, unescaped) ? std::string_view(unescaped) : std::string_view();
}

/// A station number: a string, or digits as text; empty if it is neither.
std::string_view number_at(JsonCursor cursor, std::string& unescaped) {
  if (cursor.peek() == '"') {
    return text_at(cursor, unescaped);
  }
  std::string_view digits;
  return cursor.digits(digits) ? digits : std::string_view();
}

}  // namespace

bool KeyScanner::names_contract(std::string_view name) const {
  return (name == "contract_name" && format_ != Format::jcdecaux_v3) ||
         (name == "contractName" && format_ != Format::jcdecaux_v1);
}

bool KeyScanner::field_name(JsonCursor& cursor, std::string_view& name) {
  bool escaped = false;
  if (!cursor.string(name, escaped)) {
    return false;
  }
  if (escaped) {
    if (!unescape_json(name, name_text_)) {
      return false;
    }
    name = name_text_;
  }
  return cursor.expect(':');
}

void KeyScanner::look_at(std::string_view name, JsonCursor value, Found& found) {
  const bool jcdecaux = format_ != Format::gbfs;
  const bool gbfs = format_ == Format::gbfs || format_ == Format::automatic;
  if (jcdecaux && name == "number") {
    if (found.number.empty()) {
      found.number = number_at(value, number_text_);
    }
  } else if (jcdecaux && names_contract(name)) {
    if (found.contract.empty()) {
      found.contract = text_at(value, contract_text_);
    }
  } else if (gbfs && name == "station_id" && found.station_id.empty()) {
    found.station_id = number_at(value, station_id_text_);
    if (format_ == Format::gbfs) {
      found.contract = gbfs_contract_;
      found.number = found.station_id;
    }
  }
}

bool KeyScanner::scan(std::string_view record, StationKey& key) {
  key = {};
  JsonCursor cursor(record);
  Found found;
  if (!cursor.expect('{')) {
    return false;
  }
  do {
    std::string_view name;
    if (!field_name(cursor, name)) {
      return false;
    }
    look_at(name, cursor, found);
    if (found.complete()) {
      key = {found.contract, found.number};
      return true;
    }
    if (!cursor.skip_value()) {
      return false;
    }
  } while (cursor.expect(','));
  if (format_ != Format::automatic || !found.contract.empty() || found.station_id.empty() ||
      gbfs_contract_.empty()) {
    return false;
  }
  key = {gbfs_contract_, found.station_id};
  return true;
}

}  // namespace rafale::bikes
