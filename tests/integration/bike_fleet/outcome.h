// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a run of the bike fleet left behind, read and checked by a program of its own.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace rafale::bikes {

/// Events of a directory, in the order of each file.
struct Outcome {
  /// Deltas, became empty, no longer empty, and the bikes that the last event told.
  std::map<std::string, std::array<std::int64_t, 4>> per_station;
  std::int64_t deltas = 0;
  std::int64_t became_empty = 0;
  std::int64_t no_longer_empty = 0;
  std::map<std::string, std::int64_t> empty_at_end;  ///< by contract
  std::map<std::string, std::int64_t> peak_empty;    ///< greatest empty_in_city
  std::int64_t sum_of_deltas = 0;
  /// Events that contradict the one before of the same station, or their city's set.
  std::vector<std::string> contradictions;
};

/// Reads events*.jsonl. `complete` says that no change is missing, so that each delta must fit to
/// the bikes before it, and each empty_in_city to the set.
Outcome read_outcome(const std::string& directory, bool complete);

/// What trace*.jsonl says: the positions that reached a station, and how many were stale.
struct Trace {
  std::set<std::int64_t> positions;
  std::int64_t records = 0;
  std::int64_t stale = 0;
  std::int64_t disorders = 0;  ///< applied records at or below an applied one of their station
};
Trace read_trace(const std::string& directory);

/// Runs `rafale local bike_fleet.so SETTINGS --until-done -o json` with `-c` before each setting;
/// `more` are further arguments.
/// What bikes.stats wrote.
struct Statistics {
  /// By "contract/start": stands, records, stations; the last line of each.
  std::map<std::string, std::array<double, 3>> windows;
  std::int64_t late = 0;   ///< distinct late records
  std::int64_t twice = 0;  ///< lines of a window that had one

  std::int64_t on_time() const {
    double records = 0;
    for (const auto& [key, counts] : windows) records += counts[1];
    return static_cast<std::int64_t>(records);
  }
};
Statistics read_statistics(const std::string& directory);

struct FleetRun {
  support::Ended ended;
  nlohmann::json result;  ///< the last line of standard output; null if it is no JSON
  std::int64_t count(const char* name) const { return result.value(name, std::int64_t{-1}); }
};
FleetRun run_fleet(const std::vector<std::string>& settings,
                   const std::vector<std::string>& more = {"--until-done", "-o", "json"});

/// How many records `station` counted as stale.
std::int64_t stale_in(const FleetRun& run);

}  // namespace rafale::bikes
