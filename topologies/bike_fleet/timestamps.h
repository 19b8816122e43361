// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Moments as text: reading RFC 3339, and writing a moment for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rafale::bikes {

/// Milliseconds since 1970 of "2025-02-08T16:44:06Z", also with a fraction of a second, an offset
/// such as +01:00, or a space instead of the T; nothing for any other text.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// "2025-02-08 16:44:06" in UTC.
std::string utc_text(std::int64_t ms);

/// The last moment that a record may name: the end of the year 9999, in milliseconds.
inline constexpr std::int64_t kMaxMoment = 253'402'300'799'999;

}  // namespace rafale::bikes
