// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Characters one by one.

#include "common/utf8.h"

#include <algorithm>

namespace rafale::common {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// The first byte says how many follow, and what the second may be (Unicode, table 3-7).
struct Form {
  unsigned char first_least, first_most;
  std::size_t length;
  unsigned char second_least, second_most;
};
constexpr Form kForms[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

/// Bytes of the character that `text` begins with; 0 if there is none.
std::size_t length_of(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (byte(0) < 0x80) return 1;
  for (const Form& form : kForms) {
    if (byte(0) < form.first_least || byte(0) > form.first_most) continue;
    if (text.size() < form.length) return 0;
    if (byte(1) < form.second_least || byte(1) > form.second_most) return 0;
    for (std::size_t at = 2; at < form.length; ++at) {
      if ((byte(at) & 0xc0) != 0x80) return 0;
    }
    return form.length;
  }
  return 0;
}

}  // namespace

std::string valid_utf8(std::string_view text, std::size_t most) {
  std::string valid;
  valid.reserve(std::min(text.size(), most));
  while (!text.empty()) {
    const std::size_t length = length_of(text);
    const std::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    if (character.size() > most - valid.size()) break;
    valid += character;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

}  // namespace rafale::common
