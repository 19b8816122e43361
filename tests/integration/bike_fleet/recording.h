// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Recorded days of bike stations as tests use them: expanded to records, and what came of them
// according to an independent program.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace rafale::bikes {

/// The two recordings in the shared data; they share station numbers.
inline constexpr std::string_view kLyon = "bikes/lyon-jcdecaux-2019-09";
inline constexpr std::string_view kMexico = "bikes/mexico-ecobici-gbfs-2024-04";

/// What the oracle counted; per station: deltas, became empty, no longer empty, bikes at the end.
struct Oracle {
  std::map<std::string, std::array<std::int64_t, 4>> per_station;  // by "contract/number"
  std::int64_t records = 0;
  std::int64_t deltas_strict = 0;
  std::int64_t became_empty_strict = 0;
  std::int64_t no_longer_empty_strict = 0;
  std::int64_t empty_at_end = 0;
  std::int64_t peak_empty = 0;
};

/// Reads RECORDING.oracle.json.
Oracle read_oracle(std::string_view recording);

/// Writes RECORDING.csv.zst as records, JCDecaux v1, one on a line; returns how many there are.
std::int64_t expand(std::string_view recording, const std::string& to);

}  // namespace rafale::bikes
