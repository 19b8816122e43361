// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where a GBFS system has its feeds.
#pragma once

#include <string>
#include <string_view>

namespace rafale::bikes {

/// The URL of the feed `name` ("station_status") that a gbfs.json tells, of GBFS 2.x (the first of
/// its languages) or 3.0. Throws std::runtime_error, saying what is missing. Source: MobilityData,
/// General Bikeshare Feed Specification, "gbfs.json".
std::string gbfs_feed(const std::string& gbfs_json, std::string_view name);

}  // namespace rafale::bikes
