// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reads a shared library as a file, so that it can be judged before any of its code runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace rafale::worker {

/// A shared library of this machine's kind, mapped into memory. Every offset in the file is
/// checked, so a damaged file gives missing answers, never a crash. Addresses are those of the
/// file, before the loader moves it.
class ElfFile {
 public:
  /// One sentence that names the file and the way out if it is not a shared library for this
  /// machine: NOT_FOUND if there is no such file, else FAILED_PRECONDITION.
  static absl::StatusOr<ElfFile> open(const std::string& path);

  /// False for a file without a section table: then symbol() finds nothing, which says nothing.
  bool has_symbols() const { return symbols_.size > 0; }
  /// Address of a defined dynamic symbol.
  std::optional<std::uint64_t> symbol(std::string_view name) const;

  /// The initial bytes of an object.
  template <class T>
  std::optional<T> read(std::uint64_t address) const {
    const std::string_view from = bytes_at(address, sizeof(T));
    if (from.empty()) return std::nullopt;
    T value;
    std::memcpy(&value, from.data(), sizeof value);
    return value;
  }
  /// The address that a pointer variable will hold, before the loader moves the file.
  std::optional<std::uint64_t> pointer(std::uint64_t address) const;
  /// The zero-terminated text at an address.
  std::optional<std::string> text(std::uint64_t address) const;

 private:
  struct Table {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  struct Unmap {
    std::size_t size = 0;
    void operator()(const char* at) const;
  };

  ElfFile(const char* at, std::size_t size) : file_(at, Unmap{size}) {}
  std::string_view bytes() const { return {file_.get(), file_.get_deleter().size}; }
  /// Empty unless the whole range lies in the file.
  std::string_view range(std::uint64_t offset, std::uint64_t size) const;
  /// The file's bytes from an address on, at least `size` of them; empty if there are none.
  std::string_view bytes_at(std::uint64_t address, std::uint64_t size) const;
  template <class T>
  std::optional<T> entry(const Table& table, std::uint64_t index) const;
  void find_symbols();

  std::unique_ptr<const char, Unmap> file_;
  Table segments_;
  Table sections_;
  Table symbols_;  // the dynamic symbols and their names
  Table names_;
};

}  // namespace rafale::worker
