// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Values and strings as JSON text.
#include "rafale/value.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace rafale {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// Length of the UTF-8 sequence at `at`, 0 if there is none: overlong forms, surrogates and code
// points above U+10FFFF are none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !is_continuation(text, at + 1)) return 0;
  if (first < 0xe0) return 2;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  if (!is_continuation(text, at + 2)) return 0;
  if (first < 0xf0) {
    return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ? 0 : 3;
  }
  if (!is_continuation(text, at + 3)) return 0;
  return (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) ? 0 : 4;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20) {
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  } else {
    out += c;
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 1) {
      append_escaped(out, text[at]);
    } else if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out.append(text, at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number v) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, v).ptr;
  out.append(text, end);
}

struct Writer {
  std::string& out;

  void operator()(std::monostate) const { out += "null"; }
  void operator()(bool v) const { out += v ? "true" : "false"; }
  void operator()(std::int64_t v) const { append_number(out, v); }
  void operator()(double v) const {
    if (std::isfinite(v)) {
      append_number(out, v);
    } else {
      out += "null";
    }
  }
  void operator()(const std::string& v) const { append_quoted(out, v); }
  void operator()(const ByteString& v) const {
    out += '"';
    for (const std::byte b : v) {
      out += kHex[std::to_integer<unsigned>(b) >> 4];
      out += kHex[std::to_integer<unsigned>(b) & 15];
    }
    out += '"';
  }
  void operator()(const List& v) const {
    out += '[';
    for (const Value& element : v) {
      if (&element != v.data()) out += ',';
      std::visit(*this, element.variant());
    }
    out += ']';
  }
  void operator()(const Map& v) const {
    char separator = '{';
    for (const auto& [key, value] : v) {
      out += separator;
      append_quoted(out, key);
      out += ':';
      std::visit(*this, value.variant());
      separator = ',';
    }
    out += v.empty() ? "{}" : "}";
  }
};

}  // namespace

std::string Value::to_json() const {
  std::string out;
  std::visit(Writer{out}, data_);
  return out;
}

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

}  // namespace rafale
