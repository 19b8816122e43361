// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files that a task keeps over the death of its worker.
#pragma once

#include <string>
#include <string_view>

#include "rafale/export.h"

namespace rafale {

/// Makes `bytes` the content of `path`, so that after a crash of the process or the machine the
/// file is there whole, or as it was before: writes `path`.new, flushes it to the disk, renames it,
/// flushes the folder. Any thread, but one at a time for each path. Throws std::runtime_error,
/// naming the file; what was there is then untouched.
RAFALE_API void write_durably(const std::string& path, std::string_view bytes);

}  // namespace rafale
