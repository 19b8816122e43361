// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Names of the record formats.
#include "topologies/bike_fleet/station_record.h"

namespace rafale::bikes {

std::optional<Format> parse_format(std::string_view text) {
  if (text == "auto") return Format::automatic;
  if (text == "jcdecaux-v1") return Format::jcdecaux_v1;
  if (text == "jcdecaux-v3") return Format::jcdecaux_v3;
  if (text == "gbfs") return Format::gbfs;
  return std::nullopt;
}

}  // namespace rafale::bikes
