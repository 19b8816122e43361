// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Recorded data that is not part of the project: tests use it where it is, and say so where not.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace rafale::support {

/// The path of a file under $RAFALE_SHARED_DATA, else under shared/data beside the repository.
inline std::string shared_data(std::string_view name) {
  const char* given = std::getenv("RAFALE_SHARED_DATA");
  const char* source = std::getenv("RAFALE_SOURCE_DIR");
  const std::string root = given != nullptr    ? given
                           : source != nullptr ? std::string(source) + "/../shared/data"
                                               : "../shared/data";
  return root + "/" + std::string(name);
}

}  // namespace rafale::support

/// Leaves the test as skipped unless that file of the shared data is there.
#define RAFALE_NEEDS_SHARED_DATA(name)                                               \
  if (!std::filesystem::exists(::rafale::support::shared_data(name))) {              \
    GTEST_SKIP() << "needs recorded data, " << ::rafale::support::shared_data(name); \
  }                                                                                  \
  static_assert(true)
