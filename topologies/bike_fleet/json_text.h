// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// JSON text: reading the escapes of a string, writing strings and numbers.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

namespace rafale::bikes {

/// Puts the text that `inside`, the bytes between the quotes of a JSON string, stands for into
/// `text`. False if an escape is none.
bool unescape_json(std::string_view inside, std::string& text);

/// Appends `text`, which is UTF-8, as a JSON string with its quotes.
void append_json_string(std::string& to, std::string_view text);

/// Appends a number in digits, as JSON and CSV have it; a floating one as short as it reads back.
template <class T>
void append_number(std::string& to, T value) {
  char digits[32];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
/// The same behind `name`, such as `,"bikes":`.
template <class T>
void append_number(std::string& to, std::string_view name, T value) {
  to += name;
  append_number(to, value);
}

}  // namespace rafale::bikes
