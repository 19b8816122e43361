// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Keys of stations, and the way of what has none.
#include "topologies/bike_ingest/ingest_bolt.h"

#include "topologies/bike_fleet/source_position.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {

void IngestBolt::prepare(TaskContext& context, BoltCollector& out) {
  const Schema& raw = context.input(kFeed);
  contract_ = raw.field<std::string_view>("contract");
  number_ = raw.field<std::string_view>("number");
  record_ = raw.field<std::string_view>("record");
  KafkaBolt::prepare(context, out);
}

void IngestBolt::execute(const Tuple& in, BoltCollector& out) {
  if (in.is_tick() || in.source_stream() != kUnreadable) {
    KafkaBolt::execute(in, out);
    return;
  }
  out.dead_letter(in, {.record = in.get<std::string_view>("record"),
                       .reason = in.get<std::string_view>("reason"),
                       .source = in.source_component(),
                       .position = SourcePosition::unpack(in.get<std::int64_t>("position")).line});
  out.ack(in);
}

void IngestBolt::make(const Tuple& in, std::vector<connectors::KafkaOutput>& records) {
  connectors::KafkaOutput& record = records.emplace_back();
  record.topic = options().topic;
  record.value = in.get(record_);
  // A record that names no station is written all the same: who reads the topic buries it.
  if (in.get(contract_).empty() && in.get(number_).empty()) return;
  key_.assign(in.get(contract_));
  key_ += '/';
  key_ += in.get(number_);
  record.key = key_;
}

}  // namespace rafale::bikes
