// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which records of one partition are complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace rafale::connectors {

/// Knows the contiguous prefix of a partition's records that are complete. Offsets may have holes,
/// as compaction and transactions leave them. No thread, no clock.
class PartitionProgress {
 public:
  /// All records below `offset` are complete.
  explicit PartitionProgress(std::int64_t offset) : complete_below_(offset) {}

  /// A record was emitted as `messages` messages; returns its place for complete(). Offsets grow.
  std::uint64_t add(std::int64_t offset, std::uint32_t messages);
  /// One message of the record at that place is complete.
  void complete(std::uint64_t place);

  /// All records below this offset are complete: what may be committed.
  std::int64_t complete_below() const { return complete_below_; }
  /// Records that were added above, complete or not.
  std::size_t span() const { return records_.size(); }

 private:
  struct Record {
    std::int64_t offset;
    std::uint32_t open;
  };
  void advance();

  std::int64_t complete_below_;
  std::uint64_t first_ = 0;  // place of records_.front()
  std::deque<Record> records_;
};

}  // namespace rafale::connectors
