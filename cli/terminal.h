// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Messages to the person at the terminal, coloured where that helps and is wanted.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace rafale::cli {

/// Whether escape sequences are welcome: a terminal that is not "dumb", and no NO_COLOR.
bool colours(std::FILE* stream);

/// "rafale: TEXT" as one line to standard error.
void complain(std::string_view text);

/// Writes text to standard output; headings, that is lines which begin in the first column and end
/// in a colon, are bold on a terminal.
void print_with_headings(std::string_view text);

}  // namespace rafale::cli
