// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The bytes of a file from its beginning, decompressed where the file is compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace rafale::connectors {

/// Reads one file once. Used on one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource();

  /// Fills up to `size` bytes at `to` and returns how many; 0 only at the end. Throws
  /// std::runtime_error, naming the file, if it cannot be read or its compressed data is damaged or
  /// cut off.
  virtual std::size_t read(char* to, std::size_t size) = 0;
  /// Bytes that the file takes on disk: of plain files the length of what read() will give.
  virtual std::uint64_t size_on_disk() const = 0;
};

/// Opens a plain file or one compressed by zstd, which is told by its first bytes or its name
/// (.zst). Throws std::runtime_error, naming the file, if it cannot be opened or is a directory.
std::unique_ptr<ByteSource> open_bytes(const std::string& path);

}  // namespace rafale::connectors
