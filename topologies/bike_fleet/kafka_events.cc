// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One event, up to two records.
#include "topologies/bike_fleet/kafka_events.h"

#include <utility>

#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {

KafkaEvents::KafkaEvents(connectors::KafkaBoltOptions options, std::string empty_topic,
                         std::string delta_topic)
    : KafkaBolt(std::move(options)),
      empty_topic_(std::move(empty_topic)),
      delta_topic_(std::move(delta_topic)) {}

void KafkaEvents::prepare(TaskContext& context, BoltCollector& out) {
  reader_ = FleetEventReader(context.input(kCity));
  KafkaBolt::prepare(context, out);
}

void KafkaEvents::make(const Tuple& in, std::vector<connectors::KafkaOutput>& records) {
  const FleetEvent event = reader_.read(in);
  key_.assign(event.contract);
  key_ += '/';
  key_ += event.number;
  if (event.delta != 0 && !delta_topic_.empty()) {
    delta_.clear();
    append_delta_line(delta_, event);
    delta_.pop_back();  // the line feed
    records.push_back({.topic = delta_topic_, .key = key_, .value = delta_, .headers = {}});
  }
  if (!event.turned.empty()) {
    station_.clear();
    append_empty_station(station_, event);
    records.push_back({.topic = empty_topic_, .key = key_, .value = station_, .headers = {}});
  }
}

}  // namespace rafale::bikes
