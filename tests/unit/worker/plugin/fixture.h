// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where the plugins of these tests lie.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace rafale::worker {

inline std::string fixture(const std::string& name) {
  const char* build = std::getenv("RAFALE_BIN_DIR");
  return (std::filesystem::path(build == nullptr ? "." : build) / "tests" / "plugins" /
          ("fixture_" + name + ".so"))
      .string();
}

}  // namespace rafale::worker
