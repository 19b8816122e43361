// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A RocksDB, seen as what a state store asks of a disk. For the sources of this folder only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rafale::connectors::state {

/// What is to change: nothing stands for "erased".
using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;

/// One open database. Used on one thread at a time; its own threads compact in the background.
/// Errors throw std::runtime_error with RocksDB's reason and the path.
class Disk {
 public:
  /// Goes over keys in the order of their bytes, as they were when it was made.
  class Cursor {
   public:
    virtual ~Cursor() = default;
    virtual bool valid() const = 0;  ///< throws if the disk could not be read
    virtual std::string_view key() const = 0;
    virtual std::string_view value() const = 0;
    virtual void next() = 0;
  };

  /// Opens what is at `path`, or makes it. `owner` is for the error when another process has it.
  Disk(const std::string& path, const std::string& owner);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  std::optional<std::string> get(std::string_view key) const;
  /// From the first key that is not below `from`.
  std::unique_ptr<Cursor> cursor(std::string_view from) const;
  /// All of them or none, and on the disk when it returns. If it throws none are there, unless it
  /// was only their sync that failed; what comes next finds out. No cursor may be open.
  void write(const Changes& changes);

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace rafale::connectors::state
