// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A directory that receives the results of one run.
#pragma once

#include <string>

namespace rafale::connectors {

/// Why `path` cannot receive results, in one sentence that names it; empty if it can. It can if it
/// does not exist yet, is an empty directory, or is any directory and `append` is set. Changes
/// nothing, so that a topology can ask while it is being built.
std::string refuse_output_directory(const std::string& path, bool append);

/// Makes the directory and those above it where they are missing. Throws std::runtime_error, naming
/// it, if that is impossible.
void make_output_directory(const std::string& path);

}  // namespace rafale::connectors
