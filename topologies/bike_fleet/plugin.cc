// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The entry of bike_fleet.so: watches the bike stations of cities.
#include "rafale/plugin.h"

#include "topologies/bike_fleet/fleet_topology.h"
#include "topologies/bike_fleet/options.h"

RAFALE_TOPOLOGY("bike_fleet", builder) {
  rafale::bikes::build_fleet(builder, rafale::bikes::read_options(builder));
}
