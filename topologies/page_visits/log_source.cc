// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From lines to messages.
#include "topologies/page_visits/log_source.h"

#include <chrono>

#include "topologies/page_visits/seen_positions.h"

namespace rafale::visits {
namespace {

constexpr int kBurst = 32;
constexpr std::chrono::milliseconds kLookAgain{100};

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

void GrowingLog::start(SpoutContext& context) {
  position_.emplace(position_dir_, context.component(), context.task_index());
  log_.emplace(file_, position_->begin());
}

Next GrowingLog::produce(ReplayCollector& out) {
  position_->keep(context().now_ms());
  std::string_view line;
  int emitted = 0;
  while (emitted < kBurst && position_->span() < SeenPositions::kWindow / 2 && log_->next(line)) {
    const auto position = static_cast<std::int64_t>(log_->place().lines - 1);
    out.emit(std::int64_t{0}, position, line);
    position_->add(log_->place());
    ++emitted;
  }
  for (const std::string& note : log_->take_notes()) context().collector().report_error(note);
  return emitted > 0 ? Next::emitted() : Next::idle_for(kLookAgain);
}

void GrowingLog::completed(std::uint64_t number) { position_->complete(number); }

void GrowingLog::close() {
  if (position_) position_->keep_now();
}

ReplaySpout::Description GrowingLog::describe(const Tuple& row) {
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
