// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counting, and the file of counts.
#include "topologies/page_visits/count_bolt.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "connectors/file/output_directory.h"
#include "rafale/durable_file.h"

namespace rafale::visits {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr std::size_t kMostWaiting = 20'000;

}  // namespace

void CountBolt::prepare(TaskContext& context, BoltCollector&) {
  const Schema& visit = context.input("visit-counts");
  key_ = visit.field<std::string_view>(options_.field);
  source_ = visit.field<std::int64_t>("source");
  position_ = visit.field<std::int64_t>("position");
  repeated_ = &context.counter("repeated");
  tasks_ = context.task_count();
  options_.report->join(options_.name);
  if (options_.directory.empty()) return;
  connectors::make_output_directory(options_.directory);
  path_ = options_.directory + "/" + options_.name + "-" + std::to_string(context.task_index()) +
          ".json";
  load();
}

void CountBolt::load() {
  std::ifstream in(path_);
  if (!in) return;
  const json saved = json::parse(in, nullptr, false);
  if (!saved.is_object() || saved.value("format", 0) != kFormat) {
    throw std::runtime_error("'" + path_ + "' is no file of counts of this version; move it away");
  }
  if (saved.at("tasks").get<std::uint32_t>() != tasks_) {
    throw std::runtime_error("'" + path_ + "' was written with visits.parallelism=" +
                             saved.at("tasks").dump() + "; start with that, or elsewhere");
  }
  for (const auto& [key, count] : saved.at("counts").items()) {
    counts_[key] = count.get<std::uint64_t>();
  }
  for (const auto& [source, bits] : saved.at("seen").items()) {
    if (!seen_[std::stoll(source)].load(bits.get<std::string>())) {
      throw std::runtime_error("'" + path_ + "' is damaged; move it away");
    }
  }
}

void CountBolt::save() {
  json seen = json::object();
  for (const auto& [source, positions] : seen_) seen[std::to_string(source)] = positions.save();
  json counts = json::object();
  for (const auto& [key, count] : counts_) counts[key] = count;
  const json whole{{"format", kFormat},
                   {"tasks", tasks_},
                   {"counts", std::move(counts)},
                   {"seen", std::move(seen)}};
  write_durably(path_, whole.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

void CountBolt::execute(const Tuple& in, BoltCollector& out) {
  if (in.is_tick()) {
    save_and_ack(out);
    return;
  }
  if (seen_[in.get(source_)].add(static_cast<std::uint64_t>(in.get(position_)))) {
    const std::string_view key = in.get(key_);
    const auto found = counts_.find(key);
    if (found != counts_.end()) {
      ++found->second;
    } else {
      counts_.emplace(key, 1);
    }
  } else {
    repeated_->add();
  }
  if (path_.empty()) {
    out.ack(in);
    return;
  }
  waiting_.add(in, out);
  if (waiting_.size() >= kMostWaiting) save_and_ack(out);
}

void CountBolt::save_and_ack(BoltCollector& out) {
  if (!waiting_.empty()) waiting_.ack_when([this] { save(); }, out);
}

void CountBolt::cleanup() {
  for (const auto& [key, count] : counts_) options_.report->add(options_.name, key, count);
  options_.report->leave();
}

}  // namespace rafale::visits
