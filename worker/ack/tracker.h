// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The tracker: which of a spout task's messages are open, complete or failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

#include "worker/ack/record.h"

namespace rafale::worker {

/// A message whose tree was processed.
struct Acked {
  std::uint64_t message = 0;
  std::uint64_t seq = 0;
};

/// A message that ended in another way.
struct Completion {
  enum class Outcome : std::uint8_t { dead_lettered, failed };
  std::uint64_t message = 0;
  std::uint64_t seq = 0;
  Outcome outcome = Outcome::failed;
  FailureCode code = FailureCode::timeout;
  std::uint32_t task = 0;  ///< of a failure: where
  std::uint32_t text = 0;  ///< of a failure: index of its text + 1, or 0
};

/// Follows the trees of one spout (or window) task by the XOR of their edge ids, exactly, for each
/// emitted message (the idea is Storm's acker; the run-compressed form is docs/design/0001). Roots
/// are numbered from 0 in the order of emission and live in a ring; a root that outlives half a
/// ring moves to a hash map. Belongs to the task's executor and is used on its thread only; knows
/// no clock, no lock and no I/O. Callbacks to user code are the caller's: it drains completions()
/// when a whole message of records has been applied.
class Tracker {
 public:
  struct Options {
    SpoutRef self;
    std::uint32_t own_worker = 0;
    std::uint64_t guard = 1;      ///< random, not 0: the edge that an emit itself holds
    std::int64_t timeout_ns = 0;  ///< 0: trees never time out
    std::size_t ring = 1024;      ///< slots to begin with, a power of two
  };
  explicit Tracker(const Options& options);

  // --- emitting
  // -----------------------------------------------------------------------------------
  /// Opens the next root under the guard edge. Everything that the emit and its fused children do
  /// to it is applied before release_guard().
  std::uint64_t open(std::uint64_t message) { return open(message, options_.guard); }
  /// Opens the next root with the one edge that it has.
  std::uint64_t open(std::uint64_t message, std::uint64_t edge) {
    if (head_ - tail_ > mask_) [[unlikely]] {
      make_room();
    }
    const std::size_t at = slot(head_);
    x_[at] = edge;
    message_[at] = message;
    state_[at] = kOpen;
    if (!seen_.empty()) [[unlikely]] {
      seen_[at] = 0;
    }
    ++pending_;
    return head_++;
  }
  /// Number that the next root will have.
  std::uint64_t next() const { return head_; }
  /// One more edge of a root of this task, from its own executor, to `to_worker`.
  void add_edge(std::uint64_t seq, std::uint64_t edge, std::uint32_t to_worker,
                std::uint32_t to_instance);
  void release_guard(std::uint64_t seq) {
    const std::size_t at = slot(seq);
    if (seq + 1 == head_ && state_[at] == kOpen && tokens_.empty()) [[likely]] {
      if ((x_[at] ^= options_.guard) == 0) {
        finish_in_ring(seq);
      }
    } else {
      release_guard_of_older(seq);
    }
  }

  // --- hearing from the tree
  // ----------------------------------------------------------------------
  /// Applies one record; those of other incarnations are ignored.
  void apply(const Record& record, const RecordBlock& block);
  void fail(std::uint64_t seq, FailureCode code, std::uint32_t task, std::uint32_t text);
  void mark_dead_lettered(std::uint64_t seq);
  void reset_timeout(std::uint64_t seq);
  /// Instances of `worker` up to `instance` are gone: fails the roots that had an edge there.
  void peer_lost(std::uint32_t worker, std::uint32_t instance);
  /// Fails what has been open for longer than the timeout. To be called every tick_ns(), also when
  /// the spout is idle; a root then fails after between 1 and 1.07 times the timeout.
  void tick(std::int64_t now_ns);
  /// The time, between ticks: deadlines count from here.
  void set_now(std::int64_t now_ns) { now_ = now_ns; }
  std::int64_t tick_ns() const { return tick_ns_; }

  /// What ended since the last drain. Both hold message ids, not slots, as a callback may emit.
  std::vector<Acked>& acked() { return acked_; }
  const std::vector<Acked>& acked() const { return acked_; }
  std::vector<Completion>& completions() { return completions_; }
  const std::vector<Completion>& completions() const { return completions_; }

  // --- state
  // --------------------------------------------------------------------------------------
  const SpoutRef& self() const { return options_.self; }
  /// Open roots, without the parked ones.
  std::size_t pending() const { return pending_; }
  std::size_t parked() const { return parked_.size(); }
  std::size_t ring_size() const { return x_.size(); }
  std::size_t overflowed() const { return overflow_.size(); }
  /// When the oldest open root was opened, to within a tick; 0 if none is open.
  std::int64_t oldest_ns() const;
  /// All roots below are over; parked ones do not count.
  std::uint64_t floor();

 private:
  enum State : std::uint8_t { kDone = 0, kOpen = 1, kMoved = 2, kDeadLetterBit = 4 };

  struct Overflow {  // a root outside the ring
    std::uint64_t x = 0;
    std::uint64_t message = 0;
    std::uint64_t seen = 0;
    std::int64_t deadline = 0;
    std::vector<Token> tokens;
    bool dead_letter = false;
  };
  struct Entry;  // a root wherever it lies

  std::size_t slot(std::uint64_t seq) const { return seq & mask_; }
  void make_room();
  void release_guard_of_older(std::uint64_t seq);
  void grow();
  void move_out(std::uint64_t seq, std::int64_t deadline);
  std::int64_t deadline_of(std::uint64_t seq) const;

  void apply_run(const Record& record, const RecordBlock& block);
  template <bool kAck>
  void apply_in_ring(const Record& record, const std::uint8_t* deltas);
  void apply_one(const Record& record, const RecordBlock& block, std::uint64_t seq,
                 std::uint64_t edge);
  bool locate(std::uint64_t seq, Entry& found);
  void see(Entry& entry, std::uint32_t worker, std::uint32_t instance);
  void zero(const Entry& entry);
  void park(const Entry& entry);
  void release(const Token& token);
  void fail(const Entry& entry, Completion completion);
  void complete(const Entry& entry);
  void complete(std::uint64_t seq, std::uint64_t message, bool dead_letter) {
    if (!dead_letter) [[likely]] {
      acked_.push_back({message, seq});
    } else {
      complete_dead_letter(seq, message);
    }
  }
  void complete_dead_letter(std::uint64_t seq, std::uint64_t message);
  void finish_in_ring(std::uint64_t seq) {
    const std::size_t at = slot(seq);
    const bool dead = (state_[at] & kDeadLetterBit) != 0;
    state_[at] = kDone;
    --pending_;
    complete(seq, message_[at], dead);
  }
  void forget(const Entry& entry);
  void advance_tail();
  bool is_dead(std::uint32_t worker, std::uint32_t instance) const;

  Options options_;
  std::int64_t tick_ns_;
  std::size_t mask_;
  std::vector<std::uint64_t> x_;
  std::vector<std::uint64_t> message_;
  std::vector<std::uint8_t> state_;
  std::vector<std::uint64_t> seen_;  // empty until an edge leaves this worker
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  std::uint64_t moved_below_ = 0;  // no slot from here on is moved
  std::size_t pending_ = 0;

  std::map<std::uint64_t, Overflow> overflow_;
  std::unordered_map<std::uint64_t, std::vector<Token>> tokens_;  // of roots in the ring
  std::map<std::uint64_t, Overflow> parked_;
  struct Tick {
    std::int64_t time;
    std::uint64_t head;
  };
  std::deque<Tick> ticks_;
  std::int64_t now_ = 0;
  std::map<std::uint32_t, std::uint32_t> dead_;  // worker -> highest dead instance
  std::vector<Acked> acked_;
  std::vector<Completion> completions_;
};

}  // namespace rafale::worker
