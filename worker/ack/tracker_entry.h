// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One open root wherever it lies: in the tracker's ring or in its overflow.
#pragma once

#include "worker/ack/tracker.h"

namespace rafale::worker {

struct Tracker::Entry {
  std::uint64_t seq = 0;
  Overflow* moved = nullptr;  // null: in the ring

  std::uint64_t& x(Tracker& t) const { return moved ? moved->x : t.x_[t.slot(seq)]; }
  std::uint64_t message(const Tracker& t) const {
    return moved ? moved->message : t.message_[t.slot(seq)];
  }
  std::uint64_t& seen(Tracker& t) const { return moved ? moved->seen : t.seen_[t.slot(seq)]; }
};

/// The root if it is open. A slot that was moved out is looked up in the overflow although its
/// number lies within the ring.
inline bool Tracker::locate(std::uint64_t seq, Entry& found) {
  if (seq >= tail_ && seq < head_) {
    const std::uint8_t state = state_[slot(seq)];
    if ((state & kOpen) != 0) {
      found = {seq, nullptr};
      return true;
    }
    if (state != kMoved) {
      return false;
    }
  }
  if (overflow_.empty()) {
    return false;
  }
  const auto it = overflow_.find(seq);
  if (it == overflow_.end()) {
    return false;
  }
  found = {seq, &it->second};
  return true;
}

}  // namespace rafale::worker
