// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Stations as the APIs write them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "topologies/bike_api/live_city.h"

namespace rafale::bikes {

// JCDecaux, developer.jcdecaux.com.
nlohmann::ordered_json jcdecaux_v1(const LiveStation& station);
nlohmann::ordered_json jcdecaux_v3(const LiveStation& station);
/// The contracts of these stations, as /vls/v1/contracts and /vls/v3/contracts give them.
nlohmann::ordered_json contracts(const std::vector<LiveStation>& stations);

/// GBFS 2.3 or 3.0 (MobilityData, General Bikeshare Feed Specification), one system per contract.
enum class Gbfs : std::uint8_t { v2_3, v3_0 };
/// `base` is the URL below which the feeds of this contract lie.
nlohmann::ordered_json gbfs_index(Gbfs version, const std::string& base, std::int64_t now_ms);
nlohmann::ordered_json gbfs_system(Gbfs version, const std::string& contract, std::int64_t now_ms);
nlohmann::ordered_json gbfs_information(Gbfs version, const std::vector<LiveStation>& stations,
                                        std::int64_t now_ms);
nlohmann::ordered_json gbfs_status(Gbfs version, const std::vector<LiveStation>& stations,
                                   std::int64_t now_ms);

}  // namespace rafale::bikes
