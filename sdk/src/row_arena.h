// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Memory for rows that are released in almost the order in which they were stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string_view>

#include "rafale/row.h"

namespace rafale::detail {

/// Copies rows into chunks of 64 KiB that are used again when all their rows are released, so that
/// nothing is allocated in steady state. A row that needs more has a chunk of its own. Each row
/// stands behind its number, by which compact() finds its owner. Not thread-safe.
class RowArena {
 public:
  static constexpr std::size_t kChunkBytes = 64 * 1024;

  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity = 0;
    std::size_t used = 0;
    std::size_t live = 0;  ///< rows not released
    std::list<Chunk>::iterator self;
  };
  /// A stored row. Release it with what store() returned last for it.
  struct Place {
    char* row = nullptr;
    Chunk* chunk = nullptr;
  };

  Place store(std::uint64_t number, std::string_view row);
  void release(const Place& place);

  /// True when chunks are mostly garbage, as few of their rows are still live. Calling compact()
  /// whenever it is so keeps the memory at about four times the live rows, at amortized constant
  /// cost.
  bool sparse() const { return reserved_ > 4 * live_bytes_ + kSlackBytes; }
  /// Moves the live rows of the oldest chunk to the newest. `find(number)` returns the address of
  /// the owner's Place, or null if there is no owner any more; the Place is brought up to date.
  template <class Find>
  void compact(Find find);

  /// Bytes of all chunks that hold rows.
  std::size_t reserved() const { return reserved_; }

 private:
  static constexpr std::size_t kSlackBytes = 1 << 20;
  static constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);
  static constexpr std::size_t kMaxFree = 64;  // chunks, 4 MiB

  Chunk& chunk_for(std::size_t bytes);
  Chunk& new_chunk(std::list<Chunk>& list, std::size_t capacity);
  void recycle(Chunk& chunk);

  std::list<Chunk> used_;   // oldest first; the last one takes rows
  std::list<Chunk> large_;  // one row each
  std::list<Chunk> free_;
  std::size_t reserved_ = 0;
  std::size_t live_bytes_ = 0;
};

template <class Find>
void RowArena::compact(Find find) {
  if (used_.size() < 2) return;
  Chunk& oldest = used_.front();
  // The release of the last live row recycles the chunk, so it is not looked at after that.
  std::size_t live = oldest.live;
  for (std::size_t at = 0; live > 0;) {
    const std::uint64_t number = row::load<std::uint64_t>(&oldest.bytes[at]);
    char* const stored = &oldest.bytes[at + kNumberBytes];
    const std::size_t length = row::length(stored);
    at += kNumberBytes + length;
    Place* place = find(number);
    if (place == nullptr || place->row != stored) continue;
    const Place before = *place;
    *place = store(number, {stored, length});
    release(before);
    --live;
  }
}

}  // namespace rafale::detail
