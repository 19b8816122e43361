// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Bytes that are frozen: compares them with a file of tests/wire/golden/, or writes it anew.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace rafale::support {

inline constexpr std::size_t kBytesPerLine = 16;

/// Lines of 16 bytes in hex, and what can be read of them behind a '#'.
inline std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += kBytesPerLine) {
    const std::string_view line = bytes.substr(at, kBytesPerLine);
    std::string hex;
    std::string plain;
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      hex += kDigits[byte >> 4];
      hex += kDigits[byte & 15];
      hex += ' ';
      plain += byte >= 0x20 && byte < 0x7f ? c : '.';
    }
    hex.resize(3 * kBytesPerLine, ' ');
    text += hex + "# |" + plain + "|\n";
  }
  return text;
}

/// The bytes of such lines. What stands behind a '#' is left out.
inline std::string from_hex(std::string_view text) {
  std::string bytes;
  for (const std::string& line : lines_of(text)) {
    std::string digits;
    for (const char c : line.substr(0, line.find('#'))) {
      if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits += c;
    }
    for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
      bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
    }
  }
  return bytes;
}

/// Expects that `bytes` are those of golden/NAME.hex, and returns the file's. With
/// RAFALE_WRITE_GOLDEN=1 the file is written first; `about` says in it what the bytes are.
inline std::string golden(std::string_view name, std::string_view about, std::string_view bytes) {
  const char* source = std::getenv("RAFALE_SOURCE_DIR");
  const std::string folder = (source == nullptr ? std::string(".") : source) + "/tests/wire/golden";
  const std::string path = folder + "/" + std::string(name) + ".hex";
  if (const char* write = std::getenv("RAFALE_WRITE_GOLDEN");
      write != nullptr && std::string_view(write) == "1") {
    std::filesystem::create_directories(folder);
    write_file(path, "# " + std::string(about) + "\n" + to_hex(bytes));
  }
  EXPECT_TRUE(std::filesystem::exists(path)) << "there is no " << path;
  const std::string frozen = from_hex(read_file(path));
  EXPECT_EQ(to_hex(bytes), to_hex(frozen))
      << path << " freezes these bytes; tests/wire/README.md says when they may change";
  return frozen;
}

}  // namespace rafale::support
