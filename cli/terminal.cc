// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Colours and streams of terminal.h.

#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <fmt/format.h>

namespace rafale::cli {

bool colours(std::FILE* stream) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* term = std::getenv("TERM");
  return term != nullptr && std::string_view(term) != "dumb" && isatty(fileno(stream)) != 0;
}

void complain(std::string_view text) {
  const bool paint = colours(stderr);
  fmt::print(stderr, "{}rafale:{} {}\n", paint ? "\x1b[1;31m" : "", paint ? "\x1b[0m" : "", text);
}

void print_with_headings(std::string_view text) {
  const bool paint = colours(stdout);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const bool heading =
        line.ends_with(':') && std::isspace(static_cast<unsigned char>(line[0])) == 0;
    if (heading && paint) {
      fmt::print(stdout, "\x1b[1m{}\x1b[0m\n", line);
    } else {
      fmt::print(stdout, "{}\n", line);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace rafale::cli
