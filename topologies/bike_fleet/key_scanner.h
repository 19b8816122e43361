// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Finds the two fields that name a station without parsing the record, for routing it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "topologies/bike_fleet/json_cursor.h"
#include "topologies/bike_fleet/station_record.h"

namespace rafale::bikes {

/// Reads keys and values at depth 1 of a JSON object only, and stops as soon as it has what it
/// needs. On a valid object it finds exactly what RecordParser finds, which compares the two; on
/// anything else it may find a key or not, and RecordParser says what is wrong.
///
/// Which fields name the station: with Format::automatic the first of contract_name and
/// contractName tells a JCDecaux record, and station_id a GBFS one only if neither of them is in
/// the record, as unknown fields may stand anywhere. Numbers in digits and in quotes name the same
/// station: 1001 is "1001". Used on one thread; allocates nothing unless a field has escapes.
class KeyScanner {
 public:
  /// `contract` is that of GBFS records, which name none; it may be empty.
  KeyScanner(Format format, std::string contract)
      : format_(format), gbfs_contract_(std::move(contract)) {}

  /// False if the station cannot be told; `key` is then empty. Its views point into `record` or
  /// this object, and are valid until the next call.
  bool scan(std::string_view record, StationKey& key);

 private:
  /// What was found so far; views.
  struct Found {
    std::string_view contract, number, station_id;
    bool complete() const { return !contract.empty() && !number.empty(); }
  };

  bool field_name(JsonCursor& cursor, std::string_view& name);
  void look_at(std::string_view name, JsonCursor value, Found& found);
  bool names_contract(std::string_view name) const;

  Format format_;
  std::string gbfs_contract_;
  // Where names and values with escapes are unescaped.
  std::string name_text_, contract_text_, number_text_, station_id_text_;
};

}  // namespace rafale::bikes
