// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where the feed takes its records from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rafale::bikes {

/// One record as it came in. The view is valid until the source is asked for the next.
struct SourceRecord {
  std::string_view text;
  std::int64_t position = 0;  ///< see source_position.h
  /// When it was recorded, in milliseconds since 1970; known only if the source was asked to look.
  std::optional<std::int64_t> moment;
  bool cut = false;  ///< `text` is the beginning of a record too long to be kept
};

/// A sequence of records. Used on one thread at a time.
class RecordSource {
 public:
  virtual ~RecordSource() = default;

  /// Before open(): how a source that waits says, on any thread, that there is more.
  virtual void on_more(std::function<void()> /*wake*/) {}
  /// After next() said false: true if more may come.
  virtual bool waits() const { return false; }
  /// Whether open() begins with other records under the same positions, as no file does.
  virtual bool begins_anew() const { return true; }
  /// What went wrong since the last call and is no record's fault, in sentences.
  virtual std::vector<std::string> take_errors() { return {}; }
  /// Before the first next(). Throws std::runtime_error if there is nothing to read from.
  virtual void open() = 0;
  /// False at the end, or if there is nothing now. Throws std::runtime_error if a part cannot be
  /// read; the next call goes on behind that part.
  virtual bool next(SourceRecord& record) = 0;
  /// Where next() stands: the position of the record it gave last.
  virtual std::int64_t position() const = 0;
  /// What dead letters call the parts of the source, see SourcePosition::name_in().
  virtual const std::vector<std::string>& names() const = 0;
};

}  // namespace rafale::bikes
