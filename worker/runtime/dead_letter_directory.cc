// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The rule of dead_letter_directory.h.

#include "worker/runtime/dead_letter_directory.h"

#include <cstdlib>
#include <filesystem>

namespace rafale::worker {
namespace {

namespace fs = std::filesystem;

fs::path state_directory() {
  // A relative path in this variable is invalid and to be ignored, says the XDG specification.
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && fs::path(state).is_absolute()) return state;
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr || *home == '\0' ? "." : home) / ".local" / "state";
}

}  // namespace

std::string dead_letter_directory(const Topology& topology) {
  std::string set = topology.config.get<std::string>("topology.dead.letters.dir", "");
  if (!set.empty()) return set;
  return (state_directory() / "rafale" / "dead_letters" / topology.name).string();
}

}  // namespace rafale::worker
