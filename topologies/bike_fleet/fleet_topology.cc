// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The graph, one function for each part of it.
#include "topologies/bike_fleet/fleet_topology.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "topologies/bike_fleet/city_bolt.h"
#include "topologies/bike_fleet/console.h"
#include "topologies/bike_fleet/feed.h"
#include "topologies/bike_fleet/file_source.h"
#include "topologies/bike_fleet/jsonl_sink.h"
#include "topologies/bike_fleet/parse_bolt.h"
#include "topologies/bike_fleet/station_bolt.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

using connectors::Sync;

std::unique_ptr<RecordSource> make_source(const Options& options) {
  if (options.simulated) {
    return std::make_unique<Simulator>(options.simulator);
  }
  FileSource::Options file;
  file.in_memory = options.in_memory;
  file.moments = options.speed > 0;
  file.format = options.format;
  file.contract = options.contract;
  return std::make_unique<FileSource>(options.files, std::move(file));
}

void add_records(TopologyBuilder& builder, const Options& options) {
  builder
      .spout(kFeed,
             [options] {
               return std::make_unique<Feed>(make_source(options), options.format, options.contract,
                                             options.speed);
             })
      .output(raw_schema())
      .output(kUnreadable, unreadable_schema());

  ParseBolt::Options parse;
  parse.format = options.format;
  parse.contract = options.contract;
  parse.source_names = make_source(options)->names();
  parse.fail = options.fail;
  parse.seed = options.seed;
  // Not fused: feed and parse are the two halves of the work, one for each of two cores.
  builder.bolt(kParse, [parse] { return std::make_unique<ParseBolt>(parse); })
      .fields(kFeed, kStationFields)
      .shuffle(kFeed, kUnreadable)
      .output(reading_schema())
      .parallelism(options.parallelism)
      .fuse(false);
}

void add_stations(TopologyBuilder& builder, const Options& options) {
  auto& station =
      builder
          .bolt(kStation, [trace = options.trace] { return std::make_unique<StationBolt>(trace); })
          .fields(kParse, kStationFields)
          .output(change_schema())
          .parallelism(options.parallelism);
  if (options.trace) {
    station.output(kTrace, trace_schema());
  }
  builder
      .bolt(kCity, [initial = options.emit_initial] { return std::make_unique<CityBolt>(initial); })
      .fields(kStation, {"contract"})
      .output(event_schema())
      .parallelism(options.parallelism);
}

template <class Format>
BoltDeclarer& add_file_sink(TopologyBuilder& builder, const Options& options, const char* name) {
  const JsonlSink::Options sink{options.output, name, options.file_sink};
  return builder
      .bolt(name, [sink] { return std::make_unique<JsonlSink>(sink, std::make_unique<Format>()); })
      .parallelism(options.parallelism)
      .tick(std::chrono::seconds(1))
      .blocking(options.file_sink.sync != Sync::none);
}

void add_sinks(TopologyBuilder& builder, const Options& options) {
  if (options.output.empty()) {
    // A terminal or a pipe takes as long as who reads it.
    builder.bolt(kEvents, [] { return std::make_unique<Console>(); })
        .global(kCity)
        .tick(kConsoleTick)
        .blocking();
    return;
  }
  add_file_sink<EventFormat>(builder, options, kEvents).fields(kCity, {"contract"});
  if (options.trace) {
    add_file_sink<TraceFormat>(builder, options, kTrace).fields(kStation, kStationFields, kTrace);
  }
  builder.config("topology.dead.letters.dir", options.output);
}

}  // namespace

void build_fleet(TopologyBuilder& builder, const Options& options) {
  add_records(builder, options);
  add_stations(builder, options);
  add_sinks(builder, options);
}

}  // namespace rafale::bikes
