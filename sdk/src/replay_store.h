// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The open messages of a ReplaySpout: their rows, how often they failed, and when they are due
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rafale/tuple.h"
#include "rafale/types.h"
#include "sdk/src/row_arena.h"

namespace rafale::detail {

/// Messages are numbered 0, 1, 2, ... An entry lives in a ring of power-of-two size; when old open
/// messages hold the ring's tail back, they move to a hash map, so that the ring stays as large as
/// about twice the number of open messages. Not thread-safe.
class alignas(kObjectAlignment) ReplayStore {
 public:
  enum class State : std::uint8_t {
    closed,
    in_flight,  ///< emitted, neither acked nor failed
    waiting,    ///< failed, to be emitted again
  };
  struct Entry {
    RowArena::Place place;
    std::uint32_t attempts = 0;  ///< failed ones
    StreamId stream;
    State state = State::closed;
  };

  ReplayStore();

  /// Copies the row of a message that is about to be emitted; returns the message's number.
  std::uint64_t keep(StreamId stream, const StreamInfo* info, std::string_view row);
  /// Forgets a message; false if it is not open.
  bool release(std::uint64_t number);
  /// The entry of an open message, else null. Valid until the next keep() or release().
  Entry* find(std::uint64_t number);
  std::string_view row(const Entry& entry) const;
  const StreamInfo* stream(const Entry& entry) const { return streams_[entry.stream.index]; }

  /// Makes a message in flight wait until `due_ms`; true if no other is due before it. Does nothing
  /// for one that is not open.
  bool wait_until(std::uint64_t number, std::int64_t due_ms);
  /// Takes the message that is due first, if it is due at `now_ms`, and has it in flight again.
  std::optional<std::uint64_t> take_due(std::int64_t now_ms);
  /// When the next message is due; nothing if none waits.
  std::optional<std::int64_t> next_due() const;

  std::size_t open() const { return open_; }
  /// Bytes held for rows.
  std::size_t reserved() const { return arena_.reserved(); }
  /// Slots of the ring.
  std::size_t ring_size() const { return ring_.size(); }

 private:
  struct Due {
    std::int64_t at_ms;
    std::uint64_t number;
  };
  /// The order of the heap, whose front is due first; equal ones in the order of their numbers.
  static bool later(const Due& a, const Due& b) {
    return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.number > b.number;
  }

  Entry& slot(std::uint64_t number) { return ring_[number & (ring_.size() - 1)]; }
  void make_room();
  void advance_tail();
  void drop_stale_dues();

  RowArena arena_;
  std::vector<Entry> ring_;  // numbers tail_ .. next_ - 1
  std::uint64_t tail_ = 0;
  std::uint64_t next_ = 0;
  std::size_t open_ = 0;
  std::unordered_map<std::uint64_t, Entry> stragglers_;  // open, below tail_
  std::vector<Due> dues_;  // heap; one may belong to a message that is closed, except in front
  std::vector<const StreamInfo*> streams_;
};

}  // namespace rafale::detail
