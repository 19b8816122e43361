// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Words of bits as hexadecimal digits.
#include "topologies/page_visits/seen_positions.h"

#include <charconv>

namespace rafale::visits {
namespace {

constexpr std::size_t kDigits = 16;

void append_hex(std::string& to, std::uint64_t word) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) to += kHex[word >> shift & 15];
}

bool read_hex(std::string_view text, std::uint64_t& word) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), word, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string SeenPositions::save() const {
  std::string text;
  text.reserve((bits_.size() + 1) * kDigits);
  append_hex(text, end_);
  for (const std::uint64_t word : bits_) append_hex(text, word);
  return text;
}

bool SeenPositions::load(std::string_view text) {
  if (text.size() != (bits_.size() + 1) * kDigits) return false;
  if (!read_hex(text.substr(0, kDigits), end_)) return false;
  for (std::size_t i = 0; i < bits_.size(); ++i) {
    if (!read_hex(text.substr((i + 1) * kDigits, kDigits), bits_[i])) return false;
  }
  return true;
}

}  // namespace rafale::visits
