// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Values, expiry and timers as keys of one ordered store.
#include "connectors/state/state_table.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "connectors/state/state_codec.h"
#include "connectors/state/state_store.h"

namespace rafale::connectors::state {
namespace {

constexpr char kValue = 'v';
constexpr char kExpiry = 'x';
constexpr char kTimerOf = 'k';
constexpr char kTimer = 't';
constexpr std::size_t kTimeBytes = 8;

using Time = StateCodec<std::int64_t>;

void check_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (name.empty() || name.size() > 64 || !std::ranges::all_of(name, fits)) {
    throw std::invalid_argument("'" + std::string(name) +
                                "' names no state: 1 to 64 letters, digits, '_', '-' and '.'");
  }
}

std::int64_t expiry_of(std::string_view stored) {
  return Time::decode(stored.substr(0, kTimeBytes));
}

}  // namespace

StateTable::StateTable(std::string name, const std::string& holds, std::int64_t ttl_ms)
    : name_(std::move(name)), holds_(holds + (ttl_ms > 0 ? ", expiring" : "")), ttl_ms_(ttl_ms) {
  check_name(name_);
  if (ttl_ms < 0) throw std::invalid_argument("the state '" + name_ + "' has a negative TTL");
}

TaskState& StateTable::task() const {
  if (task_ == nullptr) {
    throw std::logic_error("the state '" + name_ + "' is used before its bolt was prepared");
  }
  return *task_;
}

std::string StateTable::at(char kind, std::string_view key) const {
  std::string full;
  full.reserve(name_.size() + 2 + key.size());
  full += kind;
  full += name_;
  full += '\0';
  full += key;
  return full;
}

std::string StateTable::at(char kind, std::int64_t ms, std::string_view key) const {
  std::string full = at(kind, "");
  Time::encode(ms, full);
  full += key;
  return full;
}

void StateTable::note_read(std::string_view full_key) const {
  if (!task().touched) task().touched = task().store->is_pending(full_key);
}

void StateTable::note_change() const {
  if (task().store->on_disk()) task().touched = true;
}

std::optional<std::string> StateTable::get(std::string_view key) const {
  const std::string full = at(kValue, key);
  note_read(full);
  std::optional<std::string> stored = task().store->get(full);
  if (!stored || ttl_ms_ == 0) return stored;
  if (expiry_of(*stored) <= task().now_ms()) return std::nullopt;
  stored->erase(0, kTimeBytes);
  return stored;
}

void StateTable::put(std::string_view key, std::string_view value) {
  StateStore& store = *task().store;
  const std::string full = at(kValue, key);
  std::string stored;
  if (ttl_ms_ > 0) {
    if (const auto old = store.get(full)) store.erase(at(kExpiry, expiry_of(*old), key));
    const std::int64_t expires = task().now_ms() + ttl_ms_;
    store.put(at(kExpiry, expires, key), {});
    Time::encode(expires, stored);
  }
  stored += value;
  store.put(full, std::move(stored));
  note_change();
}

void StateTable::erase(std::string_view key) {
  StateStore& store = *task().store;
  const std::string full = at(kValue, key);
  const auto old = store.get(full);
  if (!old) {
    note_read(full);  // it may be gone in memory only
    return;
  }
  if (ttl_ms_ > 0) store.erase(at(kExpiry, expiry_of(*old), key));
  store.erase(full);
  note_change();
}

void StateTable::for_each(const Visit& visit) const {
  if (task().store->has_pending()) task().touched = true;
  const std::string prefix = at(kValue, "");
  const std::int64_t now = ttl_ms_ > 0 ? task().now_ms() : 0;
  task().store->for_each(prefix, [&](std::string_view key, std::string_view value) {
    if (ttl_ms_ > 0) {
      if (expiry_of(value) <= now) return true;
      value.remove_prefix(kTimeBytes);
    }
    visit(key.substr(prefix.size()), value);
    return true;
  });
}

void StateTable::set_timer(std::string_view key, std::int64_t when_ms) {
  cancel_timer(key);
  std::string when;
  Time::encode(when_ms, when);
  task().store->put(at(kTimerOf, key), std::move(when));
  task().store->put(at(kTimer, when_ms, key), {});
  note_change();
}

void StateTable::cancel_timer(std::string_view key) {
  const auto old = timer(key);
  if (!old) return;
  task().store->erase(at(kTimerOf, key));
  task().store->erase(at(kTimer, *old, key));
  note_change();
}

std::optional<std::int64_t> StateTable::timer(std::string_view key) const {
  const std::string full = at(kTimerOf, key);
  note_read(full);
  const auto stored = task().store->get(full);
  return stored ? std::optional(Time::decode(*stored)) : std::nullopt;
}

std::vector<StateTable::Entry> StateTable::due(char kind, std::size_t most) const {
  std::vector<Entry> entries;
  const std::string prefix = at(kind, "");
  const std::int64_t now = task().now_ms();
  task().store->for_each(prefix, [&](std::string_view key, std::string_view) {
    key.remove_prefix(prefix.size());
    const std::int64_t ms = expiry_of(key);
    if (ms > now || entries.size() == most) return false;
    entries.push_back({ms, std::string(key.substr(kTimeBytes))});
    return true;
  });
  return entries;
}

std::size_t StateTable::remove_expired(std::size_t most) {
  if (ttl_ms_ == 0) return 0;
  const std::vector<Entry> expired = due(kExpiry, most);
  for (const Entry& entry : expired) {
    task().store->erase(at(kExpiry, entry.at_ms, entry.key));
    task().store->erase(at(kValue, entry.key));
  }
  return expired.size();
}

std::size_t StateTable::fire_due(std::size_t most, BoltCollector& out,
                                 std::vector<std::string>& errors) {
  if (!fire_) return 0;
  const std::vector<Entry> timers = due(kTimer, most);
  for (const Entry& entry : timers) {
    if (timer(entry.key) != entry.at_ms) continue;  // an earlier callback set or cancelled it
    cancel_timer(entry.key);
    try {
      fire_(entry.key, out);
    } catch (const std::exception& error) {
      errors.emplace_back(error.what());
      if (!timer(entry.key)) set_timer(entry.key, entry.at_ms);
    }
  }
  return timers.size();
}

}  // namespace rafale::connectors::state
