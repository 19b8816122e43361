// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How the components are wired together.
#pragma once

#include "rafale/topology_builder.h"
#include "topologies/bike_fleet/options.h"

namespace rafale::bikes {

/// Adds the spout "feed" alone: from the source to raw_schema().
void add_feed(TopologyBuilder& builder, const Options& options);

/// feed -> parse -> station, grouped by (contract, number); station -> city -> sink, by contract.
/// See docs/design/0003-bike-fleet.md.
void build_fleet(TopologyBuilder& builder, const Options& options);

}  // namespace rafale::bikes
