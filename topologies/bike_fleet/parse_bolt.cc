// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One record in, one reading or one dead letter out.
#include "topologies/bike_fleet/parse_bolt.h"

#include <stdexcept>
#include <utility>

#include "topologies/bike_fleet/source_position.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {

ParseBolt::ParseBolt(Options options)
    : options_(std::move(options)),
      parser_(std::make_unique<RecordParser>(options_.format, options_.contract)) {}

void ParseBolt::prepare(TaskContext& context) {
  const Schema& raw = context.input(kFeed);
  contract_ = raw.field<std::string_view>("contract");
  number_ = raw.field<std::string_view>("number");
  position_ = raw.field<std::int64_t>("position");
  record_ = raw.field<std::string_view>("record");
  const Schema& unreadable = context.input(kFeed, kUnreadable);
  unreadable_position_ = unreadable.field<std::int64_t>("position");
  unreadable_reason_ = unreadable.field<std::string_view>("reason");
  unreadable_record_ = unreadable.field<std::string_view>("record");
  random_ = Random(options_.seed + context.task_index());
  if (options_.stands) {
    stands_ = context.output(kStands);
    without_stands_ = &context.counter("without_stands");
  }
}

void ParseBolt::execute(const Tuple& in, BasicCollector& out) {
  if (options_.fail > 0 && random_.strikes(options_.fail)) {
    throw std::runtime_error("failed on purpose, see bikes.fail");
  }
  if (in.source_stream() == kUnreadable) [[unlikely]] {
    bury(out, in.get(unreadable_position_), in.get(unreadable_reason_), in.get(unreadable_record_));
    return;
  }
  const std::int64_t position = in.get(position_);
  const std::string_view text = in.get(record_);
  StationRecord record;
  if (!parser_->parse(text, record)) {
    bury(out, position, parser_->reason(), text);
    return;
  }
  if (record.key != StationKey{in.get(contract_), in.get(number_)}) {
    bury(out, position, "the record names another station than the one that it was routed by",
         text);
    return;
  }
  if (options_.address) {
    out.emit(record.key.contract, record.key.number, position, record.bikes, record.at,
             record.address);
  } else {
    out.emit(record.key.contract, record.key.number, position, record.bikes, record.at);
  }
  if (options_.stands) emit_stands(out, record, position);
}

void ParseBolt::emit_stands(BasicCollector& out, const StationRecord& record,
                            std::int64_t position) {
  const std::optional<std::int64_t> stands = parser_->stands();
  if (!stands || !record.at) {
    without_stands_->add();
    return;
  }
  out.emit_to(stands_, record.key.contract, record.key.number, position, *record.at, *stands);
}

void ParseBolt::bury(BasicCollector& out, std::int64_t position, std::string_view reason,
                     std::string_view record) {
  const auto place = SourcePosition::unpack(position);
  const std::string partition = options_.topic + "/" + std::to_string(place.file);
  const bool of_kafka = !options_.topic.empty();
  out.dead_letter({.record = record,
                   .reason = reason,
                   .source = of_kafka ? partition : place.name_in(options_.source_names),
                   .position = of_kafka ? place.line - 1 : place.line});
}

}  // namespace rafale::bikes
