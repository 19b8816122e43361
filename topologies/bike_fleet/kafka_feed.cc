// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A record of the topic on the way of its station.
#include "topologies/bike_fleet/kafka_feed.h"

#include <utility>

#include "topologies/bike_fleet/source_position.h"

namespace rafale::bikes {

KafkaFeed::KafkaFeed(connectors::KafkaSpoutOptions options, Format format, std::string contract)
    : KafkaSpout(options),
      topic_(options.topics.empty() ? "" : options.topics[0]),
      scanner_(format, std::move(contract)) {}

void KafkaFeed::emit(const connectors::KafkaRecord& record, connectors::KafkaCollector& out) {
  const std::string_view text = record.value.value_or(std::string_view());
  StationKey key;
  scanner_.scan(text, key);
  const SourcePosition position{static_cast<std::uint32_t>(record.partition), record.offset + 1};
  out.emit(key.contract, key.number, position.pack(), text);
}

ReplaySpout::Description KafkaFeed::describe(const Tuple& row) {
  const auto position = SourcePosition::unpack(row.get<std::int64_t>("position"));
  return {row.get<std::string>("record"), topic_ + "/" + std::to_string(position.file),
          position.line - 1};
}

}  // namespace rafale::bikes
