// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// JSON strings: reading the escapes of one, and writing one.
#pragma once

#include <string>
#include <string_view>

namespace rafale::bikes {

/// Puts the text that `inside`, the bytes between the quotes of a JSON string, stands for into
/// `text`. False if an escape is none.
bool unescape_json(std::string_view inside, std::string& text);

/// Appends `text`, which is UTF-8, as a JSON string with its quotes.
void append_json_string(std::string& to, std::string_view text);

}  // namespace rafale::bikes
