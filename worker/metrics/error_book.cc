// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Deduplication and rate limit of error texts.
#include "worker/metrics/error_book.h"

#include "common/utf8.h"

namespace rafale::worker {

std::uint32_t ErrorBook::number_of(std::string_view text) {
  if (const auto it = numbers_.find(text); it != numbers_.end()) {
    return it->second;
  }
  if (texts_.size() == kMaxTexts) {
    numbers_.erase(texts_.front());
    texts_.pop_front();
    ++forgotten_;
  }
  texts_.emplace_back(text);
  const auto number = forgotten_ + static_cast<std::uint32_t>(texts_.size());
  numbers_.emplace(text, number);
  return number;
}

std::uint32_t ErrorBook::note(const std::string& component, std::string_view given,
                              std::int64_t now_ns) {
  if (given.empty()) {
    return 0;
  }
  const std::string text = common::valid_utf8(given, kMaxText);
  std::uint32_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = number_of(text);
    Component& entry = components_[component];
    entry.last = text;
    if (entry.shown == 0 || now_ns - entry.interval_start >= kIntervalNs) {
      entry.interval_start = now_ns;
      entry.shown = 0;
    }
    if (entry.shown == kShownPerInterval) {
      return number;
    }
    ++entry.shown;
  }
  if (show_) {
    const std::lock_guard lock(show_mutex_);
    show_(component, text);
  }
  return number;
}

std::uint32_t ErrorBook::remember(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  const std::string valid = common::valid_utf8(text, kMaxText);
  const std::lock_guard lock(mutex_);
  return number_of(valid);
}

std::string ErrorBook::text(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const bool kept = number > forgotten_ && number - forgotten_ <= texts_.size();
  return kept ? texts_[number - forgotten_ - 1] : std::string();
}

std::string ErrorBook::last(std::string_view component) const {
  const std::lock_guard lock(mutex_);
  const auto it = components_.find(component);
  return it == components_.end() ? std::string() : it->second.last;
}

}  // namespace rafale::worker
