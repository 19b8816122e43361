// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files that are there whole, or as they were before, whatever happens in between.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rafale::common {

/// Writes beside `path`, flushes to the disk, renames, flushes the folder. Mode 0600.
/// RESOURCE_EXHAUSTED if the disk is full, else FAILED_PRECONDITION, naming the file.
absl::Status write_durably(const std::string& path, std::string_view bytes);
/// Renames a file that was written and flushed, and flushes the folder.
absl::Status rename_durably(const std::string& from, const std::string& to);
/// The whole file; NOT_FOUND, naming it.
absl::StatusOr<std::string> read_whole(const std::string& path);
/// Makes a folder and its parents, for us alone (0700).
absl::Status make_private_folders(const std::string& path);

}  // namespace rafale::common
