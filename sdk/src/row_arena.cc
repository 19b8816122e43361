// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Chunks of rows: storing, releasing, using again.
#include "sdk/src/row_arena.h"

#include <cstring>

namespace rafale::detail {

RowArena::Place RowArena::store(std::uint64_t number, std::string_view row) {
  Chunk& chunk = chunk_for(kNumberBytes + row.size());
  char* const at = &chunk.bytes[chunk.used];
  row::store(at, number);
  std::memcpy(at + kNumberBytes, row.data(), row.size());
  chunk.used += kNumberBytes + row.size();
  ++chunk.live;
  live_bytes_ += kNumberBytes + row.size();
  return {at + kNumberBytes, &chunk};
}

void RowArena::release(const Place& place) {
  Chunk& chunk = *place.chunk;
  live_bytes_ -= kNumberBytes + row::length(place.row);
  if (--chunk.live == 0) recycle(chunk);
}

RowArena::Chunk& RowArena::chunk_for(std::size_t bytes) {
  if (bytes > kChunkBytes) return new_chunk(large_, bytes);
  if (!used_.empty() && used_.back().capacity - used_.back().used >= bytes) return used_.back();
  if (free_.empty()) return new_chunk(used_, kChunkBytes);
  used_.splice(used_.end(), free_, free_.begin());
  reserved_ += kChunkBytes;
  return used_.back();
}

RowArena::Chunk& RowArena::new_chunk(std::list<Chunk>& list, std::size_t capacity) {
  auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
  Chunk& chunk = list.emplace_back();
  chunk.bytes = std::move(bytes);
  chunk.capacity = capacity;
  chunk.self = std::prev(list.end());
  reserved_ += capacity;
  return chunk;
}

void RowArena::recycle(Chunk& chunk) {
  chunk.used = 0;
  if (chunk.capacity != kChunkBytes) {
    reserved_ -= chunk.capacity;
    large_.erase(chunk.self);
  } else if (&chunk != &used_.back()) {
    reserved_ -= kChunkBytes;
    if (free_.size() < kMaxFree) {
      free_.splice(free_.end(), used_, chunk.self);
    } else {
      used_.erase(chunk.self);
    }
  }
}

}  // namespace rafale::detail
