// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The settings of the topology, read and checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/file/line_writer.h"
#include "rafale/topology_builder.h"
#include "topologies/bike_fleet/simulator.h"
#include "topologies/bike_fleet/station_record.h"

namespace rafale::bikes {

/// What `-c bikes.*` says.
struct Options {
  bool simulated = true;
  std::vector<std::string> files;
  Format format = Format::automatic;
  std::string contract;
  bool in_memory = false;
  double speed = 0;
  Simulator::Options simulator;

  std::uint32_t parallelism = 1;
  bool emit_initial = true;
  double fail = 0;
  std::uint64_t seed = 1;

  std::string output;  ///< empty: the console
  connectors::LineWriter::Options file_sink;
  bool trace = false;
};

/// Declares the settings and reads them. What is wrong or contradicts something else is one of the
/// builder's mistakes, all of them at once.
Options read_options(TopologyBuilder& builder);

}  // namespace rafale::bikes
