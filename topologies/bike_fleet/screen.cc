// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// ECMA-48 control sequences, and what the environment says of the terminal.
#include "topologies/bike_fleet/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

namespace rafale::bikes {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool utf8_characters() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value(environment(name));
    if (!value.empty()) {
      std::transform(value.begin(), value.end(), value.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
    }
  }
  return false;
}

}  // namespace

std::string Screen::draw(const std::vector<std::string>& lines, const Look& look) {
  std::string bytes = "\x1b[?25l";
  if (drawn_ > 0 && (look.width != width_ || look.height != height_)) {
    // The terminal has broken the old lines anew, nobody knows where: begin at the top.
    bytes += "\x1b[H";
  } else if (drawn_ > 0) {
    bytes += "\x1b[" + std::to_string(drawn_) + "A\r";
  }
  for (const std::string& line : lines) {
    bytes += line;
    bytes += "\x1b[K\n";
  }
  bytes += "\x1b[J\x1b[?25h";
  drawn_ = lines.size();
  width_ = look.width;
  height_ = look.height;
  return bytes;
}

Look terminal_look() {
  Look look;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    look.width = size.ws_col;
    look.height = size.ws_row;
  }
  look.colour = environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  look.unicode = utf8_characters();
  return look;
}

}  // namespace rafale::bikes
