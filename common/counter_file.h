// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counters in a file that is mapped into memory, so that they outlive their process, exactly.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rafale::common {

/// A run of 64-bit numbers under one name.
struct CounterBlock {
  std::string name;         ///< unique in its file, at most 255 bytes
  std::uint32_t count = 1;  ///< numbers in it
  bool packed = false;      ///< follows the block before without a gap, and has its writer
};

/// The writing side. The file holds a header (magic, version, check sum of the directory), the
/// directory of blocks and then the numbers, each block on cache lines of its own unless packed.
/// The kernel keeps what was stored when the process is killed; only the machine's loss costs what
/// was not yet written back. One process writes; within it each block has one writing thread.
class CounterFile {
 public:
  /// Makes `path` anew: written beside it and renamed, all numbers 0.
  static absl::StatusOr<std::unique_ptr<CounterFile>> create(
      const std::string& path, const std::vector<CounterBlock>& blocks);
  virtual ~CounterFile() = default;
  /// The numbers of blocks[index]; valid while this lives.
  virtual std::span<std::atomic<std::uint64_t>> block(std::size_t index) = 0;
};

/// What a file held when it was read.
struct CounterValues {
  CounterBlock block;
  std::vector<std::uint64_t> values;
};

/// Reads a file that a living process may be writing; DATA_LOSS, naming it, if it is no such file.
absl::StatusOr<std::vector<CounterValues>> read_counter_file(const std::string& path);

}  // namespace rafale::common
