// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale-worker describe`: loads a plugin for another program, which survives whatever happens.
#pragma once

#include <string>
#include <vector>

namespace rafale::worker {

/// Runs `describe PLUGIN [--config FILE] [-c KEY=VALUE]...` and writes one JSON object to standard
/// output:
///   {"graph": ...}, as in describe.h, with "notes": [LINE] for settings that have no effect, or
///   {"errors": [LINE], "exit": N}, where N is also the process's exit code: 2 if what is wrong
///   lies in the arguments alone, 1 if the plugin or its topology is to blame.
/// What the plugin itself prints to standard output goes to standard error.
int run_describe_mode(const std::vector<std::string>& arguments);

}  // namespace rafale::worker
