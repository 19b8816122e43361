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
#include "topologies/bike_fleet/city_stats_bolt.h"
#include "topologies/bike_fleet/console.h"
#include "topologies/bike_fleet/feed.h"
#include "topologies/bike_fleet/file_source.h"
#include "topologies/bike_fleet/http_source.h"
#include "topologies/bike_fleet/jsonl_sink.h"
#include "topologies/bike_fleet/kafka_events.h"
#include "topologies/bike_fleet/kafka_feed.h"
#include "topologies/bike_fleet/parse_bolt.h"
#include "topologies/bike_fleet/station_bolt.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

using connectors::Sync;

// Records of a partition that may come again after a restart, and the offsets in which the stations
// look for them: compaction and transactions leave holes between offsets.
constexpr std::size_t kKafkaSpan = 65'536;
constexpr std::int64_t kKafkaWindow = std::int64_t{1} << 20;

/// What a bolt with state wants.
void keep_state(BoltDeclarer& bolt, const Options& options) {
  if (options.keep_state) bolt.tick(std::chrono::seconds(1)).blocking();
}

std::unique_ptr<RecordSource> make_source(const Options& options) {
  if (options.source == Options::Source::simulator) {
    return std::make_unique<Simulator>(options.simulator);
  }
  if (options.source == Options::Source::http) {
    return std::make_unique<HttpSource>(options.http);
  }
  FileSource::Options file;
  file.in_memory = options.in_memory;
  file.moments = options.speed > 0;
  file.format = options.format;
  file.contract = options.contract;
  return std::make_unique<FileSource>(options.files, std::move(file));
}

std::unique_ptr<Spout> make_feed(const Options& options) {
  if (options.source == Options::Source::kafka) {
    auto kafka = options.kafka;
    if (options.keep_state) kafka.max_uncommitted = kKafkaSpan;
    return std::make_unique<KafkaFeed>(kafka, options.format, options.contract);
  }
  return std::make_unique<Feed>(make_source(options), options.format, options.contract,
                                options.speed, options.position_dir);
}

// Events in Kafka say where the station is.
bool with_address(const Options& options) { return options.sink == Options::Sink::kafka; }

void add_parse(TopologyBuilder& builder, const Options& options) {
  ParseBolt::Options parse;
  parse.format = options.format;
  parse.contract = options.contract;
  if (options.source == Options::Source::kafka) {
    parse.topic = options.kafka.topics.empty() ? "" : options.kafka.topics[0];
  } else {
    parse.source_names = make_source(options)->names();
  }
  parse.address = with_address(options);
  parse.stands = !options.stats.directory.empty();
  parse.fail = options.fail;
  parse.seed = options.seed;
  // Not fused: feed and parse are the two halves of the work, one for each of two cores.
  auto& bolt = builder.bolt(kParse, [parse] { return std::make_unique<ParseBolt>(parse); });
  bolt.fields(kFeed, kStationFields)
      .shuffle(kFeed, kUnreadable)
      .output(reading_schema(parse.address))
      .parallelism(options.parallelism)
      .fuse(false);
  if (parse.stands) bolt.output(kStands, stands_schema());
}

void add_stats(TopologyBuilder& builder, const Options& options) {
  if (options.stats.directory.empty()) return;
  builder.bolt(kStats, [stats = options.stats] { return std::make_unique<CityStatsBolt>(stats); })
      .fields(kParse, {"contract"}, kStands)
      .parallelism(options.parallelism)
      .tick(std::chrono::milliseconds(CityStatsBolt::kTickMs))
      .blocking();
}

void add_stations(TopologyBuilder& builder, const Options& options) {
  const bool address = with_address(options);
  const bool partitions = options.source == Options::Source::kafka;
  const StationBolt::Options of_stations{.trace = options.trace,
                                         .partitions = partitions,
                                         .address = address,
                                         .window = partitions ? kKafkaWindow : Feed::kSpan};
  auto& station =
      builder.bolt(kStation, [of_stations] { return std::make_unique<StationBolt>(of_stations); })
          .fields(kParse, kStationFields)
          .output(change_schema(address))
          .parallelism(options.parallelism);
  if (options.trace) {
    station.output(kTrace, trace_schema());
  }
  keep_state(station, options);
  auto& city = builder
                   .bolt(kCity, [initial = options.emit_initial,
                                 address] { return std::make_unique<CityBolt>(initial, address); })
                   .fields(kStation, {"contract"})
                   .output(event_schema(address))
                   .parallelism(options.parallelism);
  keep_state(city, options);
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

void add_events(TopologyBuilder& builder, const Options& options) {
  switch (options.sink) {
    case Options::Sink::console:
      // A terminal or a pipe takes as long as who reads it.
      builder.bolt(kEvents, [] { return std::make_unique<Console>(); })
          .global(kCity)
          .tick(kConsoleTick)
          .blocking();
      return;
    case Options::Sink::file:
      add_file_sink<EventFormat>(builder, options, kEvents).fields(kCity, {"contract"});
      return;
    case Options::Sink::kafka:
      builder
          .bolt(kEvents,
                [options] {
                  return std::make_unique<KafkaEvents>(options.kafka_sink, options.empty_topic,
                                                       options.delta_topic);
                })
          .fields(kCity, {"contract"})
          .parallelism(options.parallelism)
          .blocking();
      return;
  }
}

void add_sinks(TopologyBuilder& builder, const Options& options) {
  add_events(builder, options);
  if (options.output.empty()) return;
  if (options.trace) {
    add_file_sink<TraceFormat>(builder, options, kTrace).fields(kStation, kStationFields, kTrace);
  }
  builder.config("topology.dead.letters.dir", options.output);
}

}  // namespace

void add_feed(TopologyBuilder& builder, const Options& options) {
  auto& feed = builder.spout(kFeed, [options] { return make_feed(options); })
                   .output(raw_schema())
                   .output(kUnreadable, unreadable_schema());
  // A file has one order; a topic has one for each partition.
  if (options.source == Options::Source::kafka) feed.parallelism(options.parallelism);
}

void build_fleet(TopologyBuilder& builder, const Options& options) {
  add_feed(builder, options);
  add_parse(builder, options);
  add_stations(builder, options);
  add_stats(builder, options);
  add_sinks(builder, options);
}

}  // namespace rafale::bikes
