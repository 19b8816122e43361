// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The sink that writes events to topics of Kafka.
#pragma once

#include <string>
#include <vector>

#include "connectors/kafka/kafka_bolt.h"
#include "topologies/bike_fleet/fleet_event.h"

namespace rafale::bikes {

/// Writes each station that became empty or is no longer to one topic, and each delta to another.
/// The key is "contract/number", so that what concerns a station keeps its order.
class KafkaEvents final : public connectors::KafkaBolt {
 public:
  /// `delta_topic` may be empty: then deltas are not written.
  KafkaEvents(connectors::KafkaBoltOptions options, std::string empty_topic,
              std::string delta_topic);

  void prepare(TaskContext& context, BoltCollector& out) override;

 protected:
  void make(const Tuple& in, std::vector<connectors::KafkaOutput>& records) override;

 private:
  std::string empty_topic_, delta_topic_;
  FleetEventReader reader_;
  std::string key_, delta_, station_;
};

}  // namespace rafale::bikes
