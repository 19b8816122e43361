// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale-worker cluster --slot DIR`: what supervisors start.
#pragma once

#include <string>
#include <vector>

namespace rafale::worker {

/// Runs one worker until it is told to end; the exit code.
int run_cluster_mode(const std::vector<std::string>& arguments);

}  // namespace rafale::worker
