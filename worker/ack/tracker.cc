// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Opening, timing out and ending roots. What records do to them is in tracker_records.cc.
#include "worker/ack/tracker.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "worker/ack/tracker_entry.h"

namespace rafale::worker {
namespace {

constexpr std::int64_t kLongestTick = 100'000'000;
// Two ticks pass at most between the end of a root's time and its failure: 1/16 of the timeout.
constexpr std::int64_t kTicksPerTimeout = 32;

}  // namespace

Tracker::Tracker(const Options& options)
    : options_(options),
      tick_ns_(options.timeout_ns == 0 ? kLongestTick
                                       : std::clamp(options.timeout_ns / kTicksPerTimeout,
                                                    std::int64_t{1}, kLongestTick)),
      mask_(options.ring - 1),
      x_(options.ring),
      message_(options.ring),
      state_(options.ring, kDone) {}

void Tracker::release_guard_of_older(std::uint64_t seq) {
  if (Entry entry; locate(seq, entry) && (entry.x(*this) ^= options_.guard) == 0) {
    zero(entry);
  }
}

void Tracker::add_edge(std::uint64_t seq, std::uint64_t edge, std::uint32_t to_worker,
                       std::uint32_t to_instance) {
  if (Entry entry; locate(seq, entry)) {
    entry.x(*this) ^= edge;
    see(entry, to_worker, to_instance);
  }
}

void Tracker::advance_tail() {
  constexpr std::uint64_t kEight = 8;  // states, looked at together
  constexpr std::uint64_t kAnyOpen = 0x0101010101010101u * kOpen;
  while (tail_ < head_) {
    if (tail_ % kEight == 0 && tail_ + kEight <= head_ && mask_ >= kEight - 1) {
      std::uint64_t states = 0;
      std::memcpy(&states, &state_[slot(tail_)], sizeof states);
      if ((states & kAnyOpen) == 0) {
        tail_ += kEight;
        continue;
      }
    }
    if ((state_[slot(tail_)] & kOpen) != 0) {
      return;
    }
    ++tail_;
  }
}

// --- room in the ring
// -------------------------------------------------------------------------------

void Tracker::make_room() {
  advance_tail();
  if (head_ - tail_ <= mask_) {
    return;
  }
  const auto open = static_cast<std::size_t>(
      std::count_if(state_.begin(), state_.end(), [](std::uint8_t s) { return (s & kOpen) != 0; }));
  if (open > x_.size() / 2) {
    grow();
    return;
  }
  const std::uint64_t middle = tail_ + x_.size() / 2;
  for (; tail_ < middle; ++tail_) {
    if ((state_[slot(tail_)] & kOpen) != 0) {
      move_out(tail_, deadline_of(tail_));
    }
  }
}

void Tracker::grow() {
  const std::size_t size = 2 * x_.size();
  const auto spread = [&](auto& old) {
    std::remove_reference_t<decltype(old)> wider(size);
    for (std::uint64_t seq = tail_; seq < head_; ++seq) {
      wider[seq & (size - 1)] = old[slot(seq)];
    }
    old = std::move(wider);
  };
  spread(x_);
  spread(message_);
  spread(state_);
  if (!seen_.empty()) {
    spread(seen_);
  }
  mask_ = size - 1;
}

void Tracker::move_out(std::uint64_t seq, std::int64_t deadline) {
  const std::size_t at = slot(seq);
  Overflow moved{.x = x_[at],
                 .message = message_[at],
                 .seen = seen_.empty() ? 0 : seen_[at],
                 .deadline = deadline,
                 .tokens = {},
                 .dead_letter = (state_[at] & kDeadLetterBit) != 0};
  if (const auto it = tokens_.find(seq); it != tokens_.end()) {
    moved.tokens = std::move(it->second);
    tokens_.erase(it);
  }
  state_[at] = kMoved;
  moved_below_ = std::max(moved_below_, seq + 1);
  overflow_.emplace(seq, std::move(moved));
}

std::int64_t Tracker::deadline_of(std::uint64_t seq) const {
  const auto tick = std::ranges::upper_bound(ticks_, seq, {}, &Tick::head);
  return (tick == ticks_.end() ? now_ + tick_ns_ : tick->time) + options_.timeout_ns;
}

std::int64_t Tracker::oldest_ns() const {
  if (pending_ == 0) {
    return 0;
  }
  const auto tick = std::ranges::upper_bound(ticks_, tail_, {}, &Tick::head);
  std::int64_t oldest = tick == ticks_.end() ? now_ : std::min(tick->time, now_);
  if (!overflow_.empty()) {
    oldest = std::min(oldest, overflow_.begin()->second.deadline - options_.timeout_ns);
  }
  return oldest;
}

// --- timeouts and lost workers
// ----------------------------------------------------------------------

void Tracker::tick(std::int64_t now_ns) {
  now_ = now_ns;
  if (options_.timeout_ns == 0) {
    return;
  }
  if (ticks_.empty() || ticks_.back().head != head_) {  // else no root waits for this tick
    ticks_.push_back({now_ns, head_});
  }
  const Completion timed_out{.code = FailureCode::timeout};
  while (!ticks_.empty() && ticks_.front().time <= now_ns - options_.timeout_ns) {
    const std::uint64_t end = ticks_.front().head;
    for (; tail_ < end; ++tail_) {
      if ((state_[slot(tail_)] & kOpen) != 0) {
        fail(Entry{tail_, nullptr}, timed_out);
      }
    }
    ticks_.pop_front();
  }
  std::vector<std::uint64_t> late;
  for (const auto& [seq, entry] : overflow_) {
    if (entry.deadline <= now_ns) {
      late.push_back(seq);
    }
  }
  for (const std::uint64_t seq : late) {
    fail(Entry{seq, &overflow_.at(seq)}, timed_out);
  }
}

bool Tracker::is_dead(std::uint32_t worker, std::uint32_t instance) const {
  const auto it = dead_.find(worker);
  return it != dead_.end() && instance <= it->second;
}

void Tracker::see(Entry& entry, std::uint32_t worker, std::uint32_t instance) {
  if (worker == options_.own_worker && dead_.empty()) {
    return;  // if this worker is lost, so is its tracker
  }
  if (is_dead(worker, instance)) {
    fail(entry, {.code = FailureCode::peer_lost});
    return;
  }
  if (worker == options_.own_worker) {
    return;
  }
  if (seen_.empty()) {
    seen_.resize(x_.size());
  }
  entry.seen(*this) |= std::uint64_t{1} << (worker % 64);
}

void Tracker::peer_lost(std::uint32_t worker, std::uint32_t instance) {
  if (is_dead(worker, instance)) {
    return;
  }
  dead_[worker] = instance;
  const std::uint64_t bit = std::uint64_t{1} << (worker % 64);
  const Completion lost{.code = FailureCode::peer_lost};
  if (!seen_.empty()) {
    for (std::uint64_t seq = tail_; seq < head_; ++seq) {
      if ((state_[slot(seq)] & kOpen) != 0 && (seen_[slot(seq)] & bit) != 0) {
        fail(Entry{seq, nullptr}, lost);
      }
    }
  }
  const auto on_dead_holder = [&](const Overflow& entry) {
    return std::any_of(entry.tokens.begin(), entry.tokens.end(), [&](const Token& t) {
      return t.worker == worker && t.instance <= instance;
    });
  };
  std::vector<std::uint64_t> hit;
  for (const auto& [seq, entry] : overflow_) {
    if ((entry.seen & bit) != 0 || on_dead_holder(entry)) {
      hit.push_back(seq);
    }
  }
  for (const std::uint64_t seq : hit) {
    fail(Entry{seq, &overflow_.at(seq)}, lost);
  }
  for (auto it = parked_.begin(); it != parked_.end();) {
    if (on_dead_holder(it->second)) {
      completions_.push_back({.message = it->second.message, .seq = it->first, .code = lost.code});
      it = parked_.erase(it);
    } else {
      ++it;
    }
  }
}

std::uint64_t Tracker::floor() {
  advance_tail();
  return overflow_.empty() ? tail_ : std::min(tail_, overflow_.begin()->first);
}

// --- ending
// -----------------------------------------------------------------------------------------

/// Takes an open root out of the ring or the overflow.
void Tracker::forget(const Entry& entry) {
  if (entry.moved == nullptr) {
    state_[slot(entry.seq)] = kDone;
    tokens_.erase(entry.seq);
  } else {
    if (entry.seq >= tail_) {
      state_[slot(entry.seq)] = kDone;
    }
    overflow_.erase(entry.seq);
  }
  --pending_;
}

void Tracker::fail(const Entry& entry, Completion completion) {
  completion.seq = entry.seq;
  completion.message = entry.message(*this);
  forget(entry);
  completions_.push_back(completion);
}

void Tracker::complete_dead_letter(std::uint64_t seq, std::uint64_t message) {
  completions_.push_back(
      {.message = message, .seq = seq, .outcome = Completion::Outcome::dead_lettered});
}

void Tracker::complete(const Entry& entry) {
  const std::uint64_t message = entry.message(*this);
  const bool dead_letter = entry.moved != nullptr ? entry.moved->dead_letter
                                                  : (state_[slot(entry.seq)] & kDeadLetterBit) != 0;
  forget(entry);
  complete(entry.seq, message, dead_letter);
}

}  // namespace rafale::worker
