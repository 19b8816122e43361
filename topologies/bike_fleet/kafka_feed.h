// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The spout that takes records from a topic of Kafka.
#pragma once

#include <string>

#include "connectors/kafka/kafka_spout.h"
#include "topologies/bike_fleet/key_scanner.h"

namespace rafale::bikes {

/// Emits raw_schema(), as Feed does. The position is the SourcePosition whose file is the partition
/// and whose line is the offset, from 1. A station's records keep their order if its key puts them
/// into one partition.
class KafkaFeed final : public connectors::KafkaSpout {
 public:
  KafkaFeed(connectors::KafkaSpoutOptions options, Format format, std::string contract);

 protected:
  void emit(const connectors::KafkaRecord& record, connectors::KafkaCollector& out) override;
  Description describe(const Tuple& row) override;

 private:
  std::string topic_;
  KeyScanner scanner_;
};

}  // namespace rafale::bikes
