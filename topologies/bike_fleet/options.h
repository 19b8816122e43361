// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The settings of the topology, read and checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/file/line_writer.h"
#include "connectors/kafka/kafka_bolt.h"
#include "connectors/kafka/kafka_spout.h"
#include "rafale/topology_builder.h"
#include "topologies/bike_fleet/city_stats_bolt.h"
#include "topologies/bike_fleet/http_source.h"
#include "topologies/bike_fleet/simulator.h"
#include "topologies/bike_fleet/station_record.h"

namespace rafale::bikes {

/// What `-c bikes.*` says.
struct Options {
  enum class Source : std::uint8_t { simulator, file, http, kafka };
  enum class Sink : std::uint8_t { console, file, kafka };

  Source source = Source::simulator;
  std::vector<std::string> files;
  Format format = Format::automatic;
  std::string contract;
  bool in_memory = false;
  double speed = 0;
  Simulator::Options simulator;

  bool keep_state = false;   ///< topology.state.dir is given
  std::string position_dir;  ///< of the feed's position; empty: it is not kept

  std::uint32_t parallelism = 1;
  bool emit_initial = true;
  double fail = 0;
  std::uint64_t seed = 1;

  HttpSource::Options http;             ///< of Source::http
  connectors::KafkaSpoutOptions kafka;  ///< of Source::kafka; one topic

  Sink sink = Sink::console;
  std::string output;  ///< of Sink::file; with others the directory of the trace, or empty
  connectors::KafkaBoltOptions kafka_sink;
  std::string empty_topic, delta_topic;
  connectors::LineWriter::Options file_sink;
  bool trace = false;
  CityStatsBolt::Options stats;  ///< without a directory there are none
};

/// Declares the settings and reads them. What is wrong or contradicts something else is one of the
/// builder's mistakes, all of them at once.
Options read_options(TopologyBuilder& builder);

/// The same for a topology that only wants the records: those of the source.
Options read_source_options(TopologyBuilder& builder);

}  // namespace rafale::bikes
