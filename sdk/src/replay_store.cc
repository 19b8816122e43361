// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The ring of open messages and the heap of those that wait.
#include "sdk/src/replay_store.h"

#include <algorithm>

namespace rafale::detail {
namespace {
constexpr std::size_t kFirstRing = 1024;
}

ReplayStore::ReplayStore() : ring_(kFirstRing) {}

std::uint64_t ReplayStore::keep(StreamId stream, const StreamInfo* info, std::string_view row) {
  if (next_ - tail_ == ring_.size()) make_room();
  if (arena_.sparse()) [[unlikely]] {
    arena_.compact([this](std::uint64_t number) {
      Entry* entry = find(number);
      return entry == nullptr ? nullptr : &entry->place;
    });
  }
  if (stream.index >= streams_.size()) streams_.resize(stream.index + std::size_t{1});
  streams_[stream.index] = info;
  Entry& entry = slot(next_);
  entry.place = arena_.store(next_, row);
  entry.attempts = 0;
  entry.stream = stream;
  entry.state = State::in_flight;
  ++open_;
  return next_++;
}

bool ReplayStore::release(std::uint64_t number) {
  Entry* entry = find(number);
  if (entry == nullptr) return false;
  const bool was_waiting = entry->state == State::waiting;
  arena_.release(entry->place);
  entry->state = State::closed;
  --open_;
  if (number < tail_) {
    stragglers_.erase(number);
  } else if (number == tail_) {
    advance_tail();
  }
  if (was_waiting) drop_stale_dues();
  return true;
}

ReplayStore::Entry* ReplayStore::find(std::uint64_t number) {
  if (number >= next_) return nullptr;
  if (number < tail_) {
    const auto at = stragglers_.find(number);
    return at == stragglers_.end() ? nullptr : &at->second;
  }
  Entry& entry = slot(number);
  return entry.state == State::closed ? nullptr : &entry;
}

std::string_view ReplayStore::row(const Entry& entry) const {
  return {entry.place.row, row::length(entry.place.row)};
}

void ReplayStore::advance_tail() {
  while (tail_ < next_ && slot(tail_).state == State::closed) ++tail_;
}

void ReplayStore::make_room() {
  const std::size_t size = ring_.size();
  if (open_ - stragglers_.size() > size / 2) {
    std::vector<Entry> larger(2 * size);
    for (std::uint64_t n = tail_; n < next_; ++n) larger[n & (2 * size - 1)] = slot(n);
    ring_.swap(larger);
  } else {
    for (const std::uint64_t end = tail_ + size / 2; tail_ < end; ++tail_) {
      if (slot(tail_).state != State::closed) stragglers_.emplace(tail_, slot(tail_));
    }
    advance_tail();
  }
}

bool ReplayStore::wait_until(std::uint64_t number, std::int64_t due_ms) {
  Entry* entry = find(number);
  if (entry == nullptr) return false;
  dues_.push_back({due_ms, number});
  std::ranges::push_heap(dues_, later);
  entry->state = State::waiting;
  return dues_.front().number == number;
}

std::optional<std::uint64_t> ReplayStore::take_due(std::int64_t now_ms) {
  if (dues_.empty() || dues_.front().at_ms > now_ms) return std::nullopt;
  const std::uint64_t number = dues_.front().number;
  std::ranges::pop_heap(dues_, later);
  dues_.pop_back();
  find(number)->state = State::in_flight;
  drop_stale_dues();
  return number;
}

void ReplayStore::drop_stale_dues() {
  while (!dues_.empty()) {
    const Entry* entry = find(dues_.front().number);
    if (entry != nullptr && entry->state == State::waiting) return;
    std::ranges::pop_heap(dues_, later);
    dues_.pop_back();
  }
}

std::optional<std::int64_t> ReplayStore::next_due() const {
  return dues_.empty() ? std::nullopt : std::optional(dues_.front().at_ms);
}

}  // namespace rafale::detail
