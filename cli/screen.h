// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A view that is drawn again and again, for status --watch and top.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace rafale::cli {

/// Draws what `view` returns every `interval` until Ctrl-C or SIGTERM; then returns 0 with the
/// terminal as it was. On a terminal each drawing replaces the one before, elsewhere they follow
/// one another. An error is shown in its place, and the next drawing tries again; if the very first
/// fails, its exit code is returned.
int redraw(std::chrono::milliseconds interval,
           const std::function<absl::StatusOr<std::string>()>& view);

}  // namespace rafale::cli
