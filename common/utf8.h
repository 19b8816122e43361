// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Texts of users as UTF-8: protobuf refuses a whole message for one string that is none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rafale::common {

/// `text` with U+FFFD for each byte that is no UTF-8, and at most `most` bytes of that: no
/// character is cut in two. Overlong forms, surrogates and what lies above U+10FFFF are no UTF-8.
std::string valid_utf8(std::string_view text, std::size_t most = std::string::npos);

}  // namespace rafale::common
