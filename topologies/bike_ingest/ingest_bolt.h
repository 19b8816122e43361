// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Writes station records to a topic of Kafka as they came.
#pragma once

#include <string>
#include <vector>

#include "connectors/kafka/kafka_bolt.h"

namespace rafale::bikes {

/// From raw_schema() of the bike fleet's feed. The value is the record, the key "contract/number":
/// a number alone is unique only inside its contract, and all records of a station must be in one
/// partition to keep their order. What cannot be read goes to the dead letters.
class IngestBolt final : public connectors::KafkaBolt {
 public:
  using KafkaBolt::KafkaBolt;

  void prepare(TaskContext& context, BoltCollector& out) override;
  void execute(const Tuple& in, BoltCollector& out) override;

 protected:
  void make(const Tuple& in, std::vector<connectors::KafkaOutput>& records) override;

 private:
  Field<std::string_view> contract_, number_, record_;
  std::string key_;
};

}  // namespace rafale::bikes
