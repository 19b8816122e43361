// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the counting tasks of a process found, put together when the last of them ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "topologies/word_count/word_table.h"

namespace rafale::words {

/// Writes DIRECTORY/counts.tsv, one line "word<tab>count" per word in byte order, or prints the
/// most frequent words if there is no directory. Thread-safe.
class Results {
 public:
  Results(std::string directory, std::size_t top) : directory_(std::move(directory)), top_(top) {}

  /// A task will leave() with its counts.
  void join();
  /// Adds a task's counts; no other task has any of its words. The last one writes: throws
  /// std::runtime_error if that is impossible.
  void leave(const WordTable& counts);

 private:
  void write_file();
  void print_top();

  std::mutex mutex_;
  std::string directory_;
  std::size_t top_;
  std::size_t tasks_ = 0;
  std::vector<std::pair<std::string, std::uint64_t>> counts_;
};

}  // namespace rafale::words
