// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Lines of web servers' access logs.
#pragma once

#include <cstdint>
#include <string_view>

namespace rafale::visits {

/// One request. Views into the line.
struct Visit {
  std::string_view user;       ///< the host that asked
  std::string_view page;       ///< the target up to '?'
  std::int64_t minute_ms = 0;  ///< begin of the minute, in milliseconds since 1970
};

/// Understands a line in the Common or the Combined Log Format (Apache HTTP Server documentation,
/// "Log Files"): `host ident user [time] "request" status bytes "referer" "agent"`, the last two
/// optional. Returns null if it did, else why not, in static text. A quote within the request is
/// part of it, as servers write what they got.
const char* parse_access_line(std::string_view line, Visit& visit);

}  // namespace rafale::visits
