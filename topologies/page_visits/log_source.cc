// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From lines to messages.
#include "topologies/page_visits/log_source.h"

#include "topologies/page_visits/seen_positions.h"

namespace rafale::visits {
namespace {

constexpr int kBurst = 32;

}  // namespace

Schema line_schema() {
  return {
      {"source", FieldType::int64}, {"position", FieldType::int64}, {"line", FieldType::string}};
}

void LogFile::start(SpoutContext& context) {
  position_.emplace(position_dir_, context.component(), context.task_index());
  begin_ = position_->begin();
  reader_.emplace(file_);
  connectors::Line line;
  for (std::uint64_t i = 0; i < begin_ && reader_->next(line); ++i) {
  }
}

Next LogFile::produce(ReplayCollector& out) {
  position_->keep(context().now_ms());
  connectors::Line line;
  for (int i = 0; i < kBurst; ++i) {
    // One line that is repeated must not fall out of the counters' windows.
    if (reader_->lines() >= position_->reached() + SeenPositions::kWindow / 2) return Next::idle();
    if (!reader_->next(line)) return Next::done();
    out.emit(std::int64_t{0}, static_cast<std::int64_t>(line.number - 1), line.text);
  }
  return Next::emitted();
}

void LogFile::completed(std::uint64_t number) { position_->complete(begin_ + number); }

void LogFile::close() {
  if (position_) position_->keep_now();
}

ReplaySpout::Description LogFile::describe(const Tuple& row) {
  return {row.get<std::string>("line"), file_, row.get<std::int64_t>("position") + 1};
}

void LogTopic::emit(const connectors::KafkaRecord& record, connectors::KafkaCollector& out) {
  out.emit(std::int64_t{record.partition}, record.offset,
           record.value.value_or(std::string_view()));
}

ReplaySpout::Description LogTopic::describe(const Tuple& row) {
  return {row.get<std::string>("line"),
          "partition " + std::to_string(row.get<std::int64_t>("source")),
          row.get<std::int64_t>("position")};
}

}  // namespace rafale::visits
