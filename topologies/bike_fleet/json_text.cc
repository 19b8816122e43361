// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Escapes of JSON strings, by RFC 8259.
#include "topologies/bike_fleet/json_text.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace rafale::bikes {
namespace {

std::optional<std::uint32_t> hex4(std::string_view digits) {
  if (digits.size() < 4) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  for (const char c : digits.substr(0, 4)) {
    const auto lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      value = value * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

void append_utf8(std::string& to, std::uint32_t code) {
  if (code < 0x80) {
    to += static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    to += static_cast<char>(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      to += static_cast<char>(0xe0 | code >> 12);
    } else {
      to += static_cast<char>(0xf0 | code >> 18);
      to += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    }
    to += static_cast<char>(0x80 | (code >> 6 & 0x3f));
  }
  to += static_cast<char>(0x80 | (code & 0x3f));
}

/// Takes \uXXXX, or two of them that make one character, off the front of `rest`.
bool take_unicode(std::string_view& rest, std::string& text) {
  const auto first = hex4(rest.substr(2));
  if (!first) {
    return false;
  }
  rest.remove_prefix(6);
  std::uint32_t code = *first;
  if (code >= 0xd800 && code < 0xe000) {
    const bool high = code < 0xdc00;
    const auto second = high && rest.starts_with("\\u") ? hex4(rest.substr(2)) : std::nullopt;
    if (!second || *second < 0xdc00 || *second >= 0xe000) {
      return false;
    }
    rest.remove_prefix(6);
    code = 0x10000 + ((code - 0xd800) << 10) + (*second - 0xdc00);
  }
  append_utf8(text, code);
  return true;
}

}  // namespace

bool unescape_json(std::string_view inside, std::string& text) {
  static constexpr std::string_view kEscapes = "\"\\/bfnrt";
  static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  text.clear();
  while (!inside.empty()) {
    const std::size_t plain = std::min(inside.find('\\'), inside.size());
    text.append(inside.substr(0, plain));
    inside.remove_prefix(plain);
    if (inside.empty()) {
      return true;
    }
    if (inside.starts_with("\\u")) {
      if (!take_unicode(inside, text)) {
        return false;
      }
      continue;
    }
    const std::size_t which = inside.size() < 2 ? std::string_view::npos : kEscapes.find(inside[1]);
    if (which == std::string_view::npos) {
      return false;
    }
    text += kMeanings[which];
    inside.remove_prefix(2);
  }
  return true;
}

void append_json_string(std::string& to, std::string_view text) {
  const auto plain = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
  };
  to += '"';
  while (!text.empty()) {
    const auto special = std::find_if_not(text.begin(), text.end(), plain);
    to.append(text.begin(), special);
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()));
    if (text.empty()) {
      break;
    }
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else {
      static constexpr char kHex[] = "0123456789abcdef";
      to += "\\u00";
      to += kHex[static_cast<unsigned char>(c) >> 4];
      to += kHex[c & 15];
    }
  }
  to += '"';
}

}  // namespace rafale::bikes
