// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Lines first, then the state that no longer has them, then the acks.
#include "topologies/bike_fleet/city_stats_bolt.h"

#include <cctype>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "connectors/file/output_directory.h"
#include "rafale/durable_file.h"
#include "topologies/bike_fleet/json_text.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

// So many tuples at most wait for the next tick: fewer than a spout may have open.
constexpr std::size_t kMostWaiting = 16'384;

/// A name that is safe in a path; different contracts have different ones.
std::string file_name(const std::string& contract) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string name;
  for (const char c : contract) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_') {
      name += c;
    } else {
      name += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return name;
}

void append_json(std::string& to, const CityWindow& window) {
  to += R"({"contract":)";
  append_json_string(to, window.contract);
  append_number(to, R"(,"window_start":)", window.start);
  append_number(to, R"(,"window_end":)", window.end);
  append_number(to, R"(,"available_stands":)", window.available_stands);
  append_number(to, R"(,"stations":)", window.stations);
  append_number(to, R"(,"records":)", window.records);
  to += "}\n";
}

void append_csv(std::string& to, const CityWindow& window) {
  append_number(to, window.start);
  append_number(to, ",", window.end);
  append_number(to, ",", window.available_stands);
  append_number(to, ",", window.stations);
  append_number(to, ",", window.records);
  to += '\n';
}

}  // namespace

CityStatsBolt::Output::Output(const std::string& path)
    : writer(path, {.append = true, .sync = connectors::Sync::batch}) {}

/// Throws if not all of it could be written; what was written is not written again, but what
/// sync() could not force to the disk, and so cut off, is.
void CityStatsBolt::Output::write() {
  if (text.empty()) return;
  std::error_code error;
  const std::size_t written = writer.write(text, error);
  if (!error) writer.sync(written, error);
  if (!error) {
    text.clear();
    return;
  }
  text.erase(0, written < text.size() ? written : 0);
  throw std::runtime_error("cannot write '" + writer.path() + "': " + error.message());
}

void CityStatsBolt::prepare(TaskContext& context, BoltCollector&) {
  const Schema& schema = context.input(kParse, kStands);
  contract_ = schema.field<std::string_view>("contract");
  number_ = schema.field<std::string_view>("number");
  position_ = schema.field<std::int64_t>("position");
  at_ = schema.field<std::int64_t>("at");
  stands_ = schema.field<std::int64_t>("stands");
  counted_ = &context.counter("counted");
  late_count_ = &context.counter("late");
  repeated_ = &context.counter("repeated");
  tasks_ = context.task_count();
  CityStats::Options stats{.window_ms = options_.window_ms,
                           .lag_ms = options_.lag_ms,
                           .idle_ticks = static_cast<std::uint32_t>(options_.idle_ms / kTickMs + 1),
                           .sources = context.tasks(kParse)};
  stats_.emplace(std::move(stats));
  connectors::make_output_directory(options_.directory);
  prefix_ = options_.directory + "/city_stats";
  suffix_ = "-" + std::to_string(context.task_index());
  state_path_ = prefix_ + suffix_ + ".state";
  load();
  if (!options_.kafka.topic.empty()) {
    kafka_ = std::make_unique<connectors::KafkaWriter>(options_.kafka);
  }
  lines_.emplace(prefix_ + suffix_ + ".jsonl");
}

// The first line says of how many tasks this is one, the second is that of CityStats.
void CityStatsBolt::load() {
  std::ifstream in(state_path_, std::ios::binary);
  if (!in) return;
  std::string tasks;
  std::getline(in, tasks);
  if (tasks != "tasks " + std::to_string(tasks_)) {
    throw std::runtime_error("'" + state_path_ + "' was written with another bikes.parallelism (" +
                             tasks + "); start with that, or elsewhere");
  }
  const std::string state(std::istreambuf_iterator<char>(in), {});
  if (!stats_->load(state)) {
    throw std::runtime_error("'" + state_path_ +
                             "' is damaged, or was written with another bikes.stats.window.secs; "
                             "move it away");
  }
  if (!options_.steady_positions) stats_->forget_positions();
}

void CityStatsBolt::execute(const Tuple& in, BoltCollector& out) {
  if (in.is_tick()) {
    stats_->tick();
    save_and_ack(out);
    return;
  }
  const StandsReading reading{.contract = in.get(contract_),
                              .number = in.get(number_),
                              .position = in.get(position_),
                              .at = in.get(at_),
                              .stands = in.get(stands_)};
  switch (stats_->add(in.source_task(), reading)) {
    case CityStats::Taken::counted:
      counted_->add();
      break;
    case CityStats::Taken::repeated:
      repeated_->add();
      break;
    case CityStats::Taken::late:
      late_count_->add();
      note_late(reading);
      break;
  }
  waiting_.add(in, out);
  if (waiting_.size() % kMostWaiting == 0) save_and_ack(out);
}

void CityStatsBolt::note_late(const StandsReading& reading) {
  if (!late_) late_.emplace(prefix_ + "_late" + suffix_ + ".jsonl");
  std::string& to = late_->text;
  to += R"({"contract":)";
  append_json_string(to, reading.contract);
  to += R"(,"number":)";
  append_json_string(to, reading.number);
  append_number(to, R"(,"position":)", reading.position);
  append_number(to, R"(,"at":)", reading.at);
  append_number(to, R"(,"available_stands":)", reading.stands);
  to += "}\n";
}

CityStatsBolt::Output& CityStatsBolt::csv_of(const std::string& contract) {
  const auto found = csv_.find(contract);
  if (found != csv_.end()) return found->second;
  const std::string path = prefix_ + "-" + file_name(contract) + ".csv";
  Output& made = csv_.emplace(contract, Output(path)).first->second;
  if (std::ifstream(path).peek() == std::ifstream::traits_type::eof()) {
    made.text = "window_start,window_end,available_stands,stations,records\n";
  }
  return made;
}

void CityStatsBolt::add_lines(const std::vector<CityWindow>& windows) {
  for (const CityWindow& window : windows) {
    append_csv(csv_of(window.contract).text, window);
    std::string line;
    append_json(line, window);
    lines_->text += line;
    if (kafka_ == nullptr) continue;
    line.pop_back();
    to_kafka_.emplace_back(window.contract, std::move(line));
  }
}

void CityStatsBolt::write_outputs() {
  lines_->write();
  for (auto& [contract, csv] : csv_) csv.write();
  if (late_) late_->write();
  for (; !to_kafka_.empty(); to_kafka_.pop_front()) {
    kafka_->write({.key = to_kafka_.front().first, .value = to_kafka_.front().second});
  }
}

bool CityStatsBolt::has_news() const {
  return unfinished_ || !waiting_.empty() || stats_->has_due();
}

void CityStatsBolt::save() {
  unfinished_ = true;
  add_lines(stats_->due());
  stats_->close_due();  // their lines are ours now, written or not
  write_outputs();
  write_durably(state_path_, "tasks " + std::to_string(tasks_) + "\n" + stats_->save() + "\n");
  unfinished_ = false;
}

void CityStatsBolt::save_and_ack(BoltCollector& out) {
  if (has_news()) waiting_.ack_when([this] { save(); }, out);
}

void CityStatsBolt::cleanup() {
  if (has_news()) save();
  add_lines(stats_->open());
  write_outputs();
}

}  // namespace rafale::bikes
