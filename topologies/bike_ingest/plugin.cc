// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The entry of bike_ingest.so: brings the records of bike stations into Kafka.
#include "rafale/plugin.h"

#include <memory>

#include "connectors/kafka/kafka_options.h"
#include "topologies/bike_fleet/fleet_topology.h"
#include "topologies/bike_fleet/options.h"
#include "topologies/bike_fleet/streams.h"
#include "topologies/bike_ingest/ingest_bolt.h"

RAFALE_TOPOLOGY("bike_ingest", builder) {
  using namespace rafale::bikes;
  const Options source = read_source_options(builder);
  if (source.source == Options::Source::kafka) {
    builder.mistake(
        "bikes.source=kafka: the records are in Kafka already; give simulator, file or http");
  }
  rafale::connectors::KafkaBoltOptions sink;
  sink.client = rafale::connectors::read_kafka_settings(builder);
  rafale::connectors::read_kafka_dead_letters(builder, sink.client);
  sink.topic = builder.option("ingest.topic", "velib-stations", "topic to write to");
  if (sink.topic.empty()) builder.mistake("ingest.topic is empty");

  add_feed(builder, source);
  builder.bolt("save", [sink] { return std::make_unique<IngestBolt>(sink); })
      .fields(kFeed, kStationFields)
      .shuffle(kFeed, kUnreadable)
      .blocking();
}
