// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// All bytes of one task's state: what is on the disk, and over it what has changed since.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/state/disk.h"

namespace rafale::connectors::state {

/// Whose state it is: what must be the same for it to be read again.
struct Identity {
  std::string component;
  std::uint32_t index = 0;
  std::uint32_t tasks = 1;
  std::map<std::string, std::string> tables;  ///< by name, what they hold
};

/// An ordered map of bytes. Changes are in memory until commit(), which writes all of them in one
/// piece. Without a disk they are final at once. One thread at a time. Errors of the disk throw
/// std::runtime_error.
class StateStore {
 public:
  /// In memory only.
  StateStore() = default;
  /// Opens or makes the database in `path`. Throws std::runtime_error, naming path and component,
  /// if another process holds it or if it was written by another format, number of tasks or tables;
  /// tables may be added.
  StateStore(const std::string& path, const Identity& identity);

  /// Calls with each key and value; false ends the walk.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;

  std::optional<std::string> get(std::string_view key) const;
  void put(std::string_view key, std::string value);
  void erase(std::string_view key);
  /// All keys that begin with `prefix`, in order, with what is not yet committed. `visit` may
  /// change the store: a key ahead is then seen as it was or as it is.
  void for_each(std::string_view prefix, const Visit& visit) const;

  /// Whether this key has a change that is not on the disk.
  bool is_pending(std::string_view key) const;
  /// Whether any has. Always false without a disk.
  bool has_pending() const { return disk_ && !changes_.empty(); }
  /// What the changes take in memory, roughly, in bytes; 0 without a disk.
  std::size_t pending_bytes() const { return disk_ ? bytes_ : 0; }
  /// Makes what has changed durable; it stays pending if that throws.
  void commit();
  /// Forgets what has changed since the last commit().
  void discard();

  bool on_disk() const { return disk_ != nullptr; }
  /// Whether there was a state when it was opened.
  bool was_there() const { return was_there_; }

 private:
  void change(std::string_view key, std::optional<std::string> value);

  std::unique_ptr<Disk> disk_;
  Changes changes_;  // without a disk: everything, and no erased keys
  std::size_t bytes_ = 0;
  bool was_there_ = false;
};

}  // namespace rafale::connectors::state
