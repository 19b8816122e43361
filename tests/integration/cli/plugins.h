// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where the plugins of these tests lie.
#pragma once

#include <cstdlib>
#include <string>

namespace rafale::support {

inline std::string plugin(const std::string& name) {
  const char* build = std::getenv("RAFALE_BIN_DIR");
  return std::string(build == nullptr ? "." : build) + "/tests/plugins/" + name + ".so";
}

}  // namespace rafale::support
