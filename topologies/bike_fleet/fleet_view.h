// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The fleet as text for people: lines for a log, or a frame for a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "topologies/bike_fleet/fleet_summary.h"

namespace rafale::bikes {

/// What the terminal can show.
struct Look {
  std::size_t width = 80;
  std::size_t height = 24;
  bool colour = false;
  bool unicode = false;
};

/// "2024-06-03 07:42:00  lyon 1001 is empty (12 empty in lyon)".
std::string transition_line(const Transition& transition);

/// One line about the whole: rates, empty stations by city, latency, acks.
std::string summary_line(const FleetSummary& fleet);

/// The lines of one frame, at most look.height - 1 of at most look.width columns; with escape codes
/// for colours only if look.colour.
std::vector<std::string> frame(const FleetSummary& fleet, const Look& look);

/// 1234567 as "1 234 567".
std::string grouped(std::int64_t number);

}  // namespace rafale::bikes
