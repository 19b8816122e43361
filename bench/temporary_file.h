// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A file that is gone when its object is.
#pragma once

#include <string>
#include <string_view>

namespace rafale::bench {

class TemporaryFile {
 public:
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  /// Makes the file. Throws std::runtime_error if that is impossible.
  void write(std::string_view text);
  /// Empty before write().
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace rafale::bench
