// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The parser of duration.h.

#include "cli/duration.h"

#include <fmt/format.h>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace rafale::cli {

absl::StatusOr<std::chrono::milliseconds> parse_duration(const std::string& option,
                                                         const std::string& text) {
  const bool bare = text.find_first_not_of("0123456789.") == std::string::npos;
  absl::Duration time;
  if (!absl::ParseDuration(bare ? text + "s" : text, &time) || time < absl::ZeroDuration() ||
      time > absl::Hours(24 * 366 * 100)) {
    return absl::InvalidArgumentError(
        fmt::format("{} takes a time such as 20s, 500ms, 2m or 1h30m, not '{}'", option, text));
  }
  return absl::ToChronoMilliseconds(absl::Ceil(time, absl::Milliseconds(1)));
}

}  // namespace rafale::cli
