// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a record of one station says, and in which formats it may say it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rafale::bikes {

/// How the JSON object of a station is laid out.
enum class Format : std::uint8_t {
  automatic,    ///< told from the keys of each record, see key_scanner.h
  jcdecaux_v1,  ///< contract_name, number, available_bikes, last_update
  jcdecaux_v3,  ///< contractName, number, totalStands.availabilities.bikes, lastUpdate
  gbfs,         ///< station_id, num_bikes_available or num_vehicles_available, last_reported
};

/// "auto", "jcdecaux-v1", "jcdecaux-v3" or "gbfs"; nothing for any other text.
std::optional<Format> parse_format(std::string_view text);

/// What names a station: a number is unique only inside its contract. Views.
struct StationKey {
  std::string_view contract;
  std::string_view number;
  friend bool operator==(const StationKey&, const StationKey&) = default;
};

/// One record, understood. Views are valid as long as its parser says.
struct StationRecord {
  StationKey key;
  std::int64_t bikes = 0;
  /// Milliseconds since 1970 at which the station reported this; nothing if it never did.
  std::optional<std::int64_t> at;
  /// Where the station is, in words; empty if the record does not say.
  std::string_view address{};
};

/// More bikes than this in one station is a mistake of the source.
inline constexpr std::int64_t kMaxBikes = 1'000'000;

}  // namespace rafale::bikes
