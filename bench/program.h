// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Other programs, run to their end.
#pragma once

#include <string>
#include <vector>

namespace rafale::bench {

/// Runs argv[0] (looked up in PATH if it has no slash), with standard output going to the file
/// `output`, and waits. Throws std::runtime_error if it cannot be run or does not exit with 0.
void run_program(const std::vector<std::string>& argv, const std::string& output);
/// The same; returns what it wrote to standard output.
std::string output_of_program(const std::vector<std::string>& argv);

}  // namespace rafale::bench
