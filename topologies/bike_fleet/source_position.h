// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where a record stands in its source, in one number that grows from record to record.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rafale::bikes {

/// The number of the file in the list of files, from 0, above the number of the line in that file,
/// from 1. With one file it is just the line number; the simulator and HTTP count their records
/// from 1, and with `source.position` their starts are the files. It never falls, so "at or below"
/// means "already seen" for every station.
struct SourcePosition {
  static constexpr int kLineBits = 40;

  std::uint32_t file = 0;
  std::int64_t line = 0;

  std::int64_t pack() const { return (std::int64_t{file} << kLineBits) | line; }
  static SourcePosition unpack(std::int64_t packed) {
    return {static_cast<std::uint32_t>(packed >> kLineBits),
            packed & ((std::int64_t{1} << kLineBits) - 1)};
  }
  /// What a dead letter calls the source; `names` are those of the files, in order.
  const std::string& name_in(const std::vector<std::string>& names) const {
    static const std::string unknown = "unknown";
    return file < names.size() ? names[file] : names.size() == 1 ? names[0] : unknown;
  }
  /// Whether more than `span` records lie between this place and `later`, as far as they can be
  /// counted: what is between in another file counts for none.
  bool is_behind(const SourcePosition& later, std::int64_t span) const {
    if (file == later.file) return later.line - line > span;
    return file < later.file && later.line > span;
  }
};

}  // namespace rafale::bikes
