// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Draws frames over each other on a terminal, without taking the terminal over.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "topologies/bike_fleet/fleet_view.h"

namespace rafale::bikes {

/// Makes the bytes that replace the last frame by the next. The cursor is hidden only while they
/// are written and then stands below the frame, so a program that ends at any moment, however it
/// ends, leaves the terminal as a finished command does. Pure: does no I/O.
class Screen {
 public:
  std::string draw(const std::vector<std::string>& lines, const Look& look);

 private:
  std::size_t drawn_ = 0;  // lines of the last frame
  std::size_t width_ = 0;
  std::size_t height_ = 0;
};

/// The terminal on standard output: its size, NO_COLOR, and whether its characters are UTF-8.
Look terminal_look();

}  // namespace rafale::bikes
