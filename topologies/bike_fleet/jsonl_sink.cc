// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From tuples to lines, from lines to acks.
#include "topologies/bike_fleet/jsonl_sink.h"

#include <utility>

#include "connectors/file/output_directory.h"
#include "topologies/bike_fleet/json_text.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {

using connectors::LineSink;
using connectors::LineWriter;

void EventFormat::prepare(TaskContext& context) {
  reader_ = FleetEventReader(context.input(kCity));
}

void EventFormat::append(const Tuple& tuple, std::string& to) {
  append_event_lines(to, reader_.read(tuple));
}

void TraceFormat::prepare(TaskContext& context) {
  const Schema& schema = context.input(kStation, kTrace);
  contract_ = schema.field<std::string_view>("contract");
  number_ = schema.field<std::string_view>("number");
  position_ = schema.field<std::int64_t>("position");
  stale_ = schema.field<bool>("stale");
}

void TraceFormat::append(const Tuple& tuple, std::string& to) {
  to += R"({"contract":)";
  append_json_string(to, tuple.get(contract_));
  to += R"(,"number":)";
  append_json_string(to, tuple.get(number_));
  append_number(to, R"(,"position":)", tuple.get(position_));
  to += tuple.get(stale_) ? ",\"stale\":true}\n" : ",\"stale\":false}\n";
}

JsonlSink::JsonlSink(Options options, std::unique_ptr<LineFormat> format)
    : options_(std::move(options)), format_(std::move(format)) {}

void JsonlSink::prepare(TaskContext& context, BoltCollector&) {
  format_->prepare(context);
  if (options_.directory.empty()) {
    sink_.emplace(LineWriter::standard_output(), LineSink::OnError::fail);
    return;
  }
  connectors::make_output_directory(options_.directory);
  const std::string path = options_.directory + "/" + options_.stem + "-" +
                           std::to_string(context.task_index()) + ".jsonl";
  sink_.emplace(LineWriter(path, options_.file), LineSink::OnError::hold);
}

void JsonlSink::execute(const Tuple& in, BoltCollector& out) {
  if (in.is_tick()) {
    sink_->tick(out);
    return;
  }
  format_->append(in, sink_->text());
  sink_->add(in, out);
}

void JsonlSink::flush(BoltCollector& out) { sink_->flush(out); }

}  // namespace rafale::bikes
