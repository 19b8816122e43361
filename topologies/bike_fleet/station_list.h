// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Takes the answer of an API apart into the records of its stations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topologies/bike_fleet/station_record.h"

namespace rafale::bikes {

/// Appends views of the station objects in `body` to `stations`: of a JSON array (JCDecaux), or of
/// the array "stations" in the object "data" (GBFS). Steps over values without parsing them. Where
/// the answer is cut short or broken, what came whole before is kept, and the return value says
/// what is wrong in one sentence; it is empty if nothing is.
std::string split_stations(std::string_view body, Format format,
                           std::vector<std::string_view>& stations);

}  // namespace rafale::bikes
