// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Times as people write them.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

namespace rafale::cli {

/// "20s", "500ms", "2m", "1h30m", "0.5s"; a bare number is seconds. Whole milliseconds, rounded up.
/// INVALID_ARGUMENT, naming `option` and examples, for all else, negative and endless times too.
absl::StatusOr<std::chrono::milliseconds> parse_duration(const std::string& option,
                                                         const std::string& text);

}  // namespace rafale::cli
