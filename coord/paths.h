// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Small helpers of both stores.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace rafale::coord {

/// A node's data is at most this large; plans and specs are blobs, and nodes hold their hash.
inline constexpr std::size_t kMostData = 64 * 1024;

inline std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

inline absl::Status too_large(const std::string& path, std::size_t size) {
  return absl::ResourceExhaustedError(
      absl::StrCat("data for ", path, " has ", size, " bytes; a node takes at most ", kMostData));
}

}  // namespace rafale::coord
