// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From the JSON text of one station to what it says, or to the reason why it says nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "topologies/bike_fleet/station_record.h"

namespace rafale::bikes {

/// Reads records of all formats with simdjson, which checks the whole text. Strict where a mistake
/// would change a count: the text must be one JSON object with nothing behind it; the fields that
/// matter must be there once, of the right type and in range. Everything else may be missing, null
/// or new. Used on one thread; allocates nothing once its buffers have grown to the longest record.
class RecordParser {
 public:
  /// `contract` is that of GBFS records, which name none; it may be empty.
  RecordParser(Format format, std::string contract);
  ~RecordParser();
  RecordParser(const RecordParser&) = delete;
  RecordParser& operator=(const RecordParser&) = delete;

  /// True if `record` was understood; the views in `out` are valid until the next call. Else
  /// reason() says why in one sentence that names the field, if it is about one.
  bool parse(std::string_view record, StationRecord& out);
  const std::string& reason() const;
  /// How many stands are free, by the record that parse() just understood; nothing if it does not
  /// say, or says no sensible number.
  std::optional<std::int64_t> stands() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rafale::bikes
