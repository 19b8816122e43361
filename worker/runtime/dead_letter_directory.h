// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where the dead letters of a topology that runs on this machine lie.
#pragma once

#include <string>

#include "rafale/topology.h"

namespace rafale::worker {

/// topology.dead.letters.dir, else the topology's folder in the user's state directory
/// ($XDG_STATE_HOME, or ~/.local/state, or that below the working directory without a home).
std::string dead_letter_directory(const Topology& topology);

}  // namespace rafale::worker
