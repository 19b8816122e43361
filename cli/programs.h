// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The programs that lie beside `rafale` and do its work.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rafale::cli {

/// Path of a program in the directory of this one.
std::string program_beside(std::string_view name);

/// Replaces this process by the program. Returns only if that fails, with an exit code and after a
/// complaint.
int become(std::string_view name, const std::vector<std::string>& arguments);

/// How a child ended and what it wrote to standard output.
struct ChildResult {
  std::string output;
  int exit_code = 0;
  int signal = 0;     ///< not 0: died of it
  std::string error;  ///< not empty: could not be started
};

/// Runs the program to its end, with nothing on its standard input.
ChildResult run_child(std::string_view name, const std::vector<std::string>& arguments);

}  // namespace rafale::cli
