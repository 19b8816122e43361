// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One named table of a task's state, in bytes: values, when they expire, and timers. KeyedState is
// its face.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rafale/collector.h"

namespace rafale::connectors::state {

class StateStore;

/// What the tables of one task share. Owned by their bolt.
struct TaskState {
  StateStore* store = nullptr;
  std::function<std::int64_t()> now_ms;  ///< the calendar's
  /// Set when something was changed, or read that has a change which is not on the disk: whoever
  /// did that must wait for the next snapshot before it says that it is done.
  bool touched = false;
};

/// In the store, per table N (big-endian numbers, so that they sort):
///
///   v N 0 KEY         -> [8 bytes: expires at, if the table expires] VALUE
///   x N 0 AT KEY      -> nothing; one for each value that expires
///   k N 0 KEY         -> 8 bytes: when its timer is due
///   t N 0 WHEN KEY    -> nothing; one for each timer
///
/// One thread at a time, the task's; errors of the disk throw std::runtime_error.
class StateTable {
 public:
  using Fire = std::function<void(std::string_view key, BoltCollector& out)>;
  using Visit = std::function<void(std::string_view key, std::string_view value)>;

  /// `holds` names the codecs; `ttl_ms` 0: values do not expire. Throws std::invalid_argument for a
  /// name that is not made of 1 to 64 letters, digits, '_', '-' and '.'.
  StateTable(std::string name, const std::string& holds, std::int64_t ttl_ms);

  const std::string& name() const { return name_; }
  const std::string& holds() const { return holds_; }
  /// Before anything else below. `task` outlives the table's use.
  void attach(TaskState& task) { task_ = &task; }
  void on_timer(Fire fire) { fire_ = std::move(fire); }
  bool wants_ticks() const { return ttl_ms_ > 0 || fire_ != nullptr; }

  std::optional<std::string> get(std::string_view key) const;
  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);
  void for_each(const Visit& visit) const;

  void set_timer(std::string_view key, std::int64_t when_ms);
  void cancel_timer(std::string_view key);
  std::optional<std::int64_t> timer(std::string_view key) const;

  /// Removes values that are expired, at most so many; returns how many.
  std::size_t remove_expired(std::size_t most);
  /// Calls back for timers that are due, at most so many, in the order of their times. One whose
  /// callback throws stays; the texts go to `errors`.
  std::size_t fire_due(std::size_t most, BoltCollector& out, std::vector<std::string>& errors);

 private:
  struct Entry {
    std::int64_t at_ms;
    std::string key;
  };
  std::string at(char kind, std::string_view key) const;
  std::string at(char kind, std::int64_t ms, std::string_view key) const;
  /// Those of an index of times that are not after now, the earliest first.
  std::vector<Entry> due(char kind, std::size_t most) const;
  TaskState& task() const;
  void note_read(std::string_view full_key) const;
  void note_change() const;

  std::string name_;
  std::string holds_;
  std::int64_t ttl_ms_;
  Fire fire_;
  TaskState* task_ = nullptr;
};

}  // namespace rafale::connectors::state
