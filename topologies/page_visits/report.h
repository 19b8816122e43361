// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the counting tasks of a process found, printed when the last of them ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rafale::visits {

/// Prints the `top` greatest counts of each part to standard output. Thread-safe.
class Report {
 public:
  explicit Report(std::size_t top) : top_(top) {}

  /// A task will leave().
  void join(const std::string& part);
  void add(const std::string& part, std::string_view key, std::uint64_t count);
  /// The last one prints; throws std::runtime_error if that is impossible.
  void leave();

 private:
  std::mutex mutex_;
  std::size_t top_;
  std::size_t tasks_ = 0;
  std::map<std::string, std::vector<std::pair<std::uint64_t, std::string>>> parts_;
};

}  // namespace rafale::visits
