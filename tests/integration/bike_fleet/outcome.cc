// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reads the results with another parser than the one that is tested.
#include "tests/integration/bike_fleet/outcome.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "connectors/file/line_reader.h"
#include "tests/support/scratch.h"

namespace rafale::bikes {
namespace {

using nlohmann::json;

void for_each_line(const std::string& directory, const std::string& stem,
                   const std::function<void(const json&)>& take) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.path().filename().string().starts_with(stem)) continue;
    connectors::LineReader reader(entry.path().string());
    for (connectors::Line line; reader.next(line);) take(json::parse(line.text));
  }
}

std::string station_of(const json& line) {
  return line.at("contract").get<std::string>() + "/" + line.at("number").get<std::string>();
}

}  // namespace

Outcome read_outcome(const std::string& directory, bool complete) {
  Outcome outcome;
  std::map<std::string, std::set<std::string>> empty;
  for_each_line(directory, "events", [&](const json& line) {
    const std::string station = station_of(line);
    const auto& contract = line.at("contract").get_ref<const std::string&>();
    const auto& kind = line.at("event").get_ref<const std::string&>();
    const auto bikes = line.at("bikes").get<std::int64_t>();
    auto& [deltas, became, no_longer, last] = outcome.per_station[station];
    bool fits = true;
    if (kind == "delta") {
      const auto delta = line.at("delta").get<std::int64_t>();
      fits = delta != 0 && (!complete || last + delta == bikes);
      outcome.sum_of_deltas += delta;
      ++deltas;
      ++outcome.deltas;
    } else {
      auto& city = empty[contract];
      fits = kind == "empty" ? bikes == 0 && city.insert(station).second
                             : kind == "not_empty" && bikes > 0 && city.erase(station) == 1;
      const auto in_city = line.at("empty_in_city").get<std::int64_t>();
      fits = (fits && in_city == static_cast<std::int64_t>(city.size())) || !complete;
      outcome.peak_empty[contract] = std::max(outcome.peak_empty[contract], in_city);
      ++(kind == "empty" ? became : no_longer);
      ++(kind == "empty" ? outcome.became_empty : outcome.no_longer_empty);
    }
    last = bikes;
    if (!fits) outcome.contradictions.push_back(line.dump());
  });
  for (const auto& [contract, stations] : empty) {
    outcome.empty_at_end[contract] = static_cast<std::int64_t>(stations.size());
  }
  return outcome;
}

Trace read_trace(const std::string& directory) {
  Trace trace;
  std::map<std::string, std::int64_t> applied;
  for_each_line(directory, "trace", [&](const json& line) {
    const auto position = line.at("position").get<std::int64_t>();
    trace.positions.insert(position);
    ++trace.records;
    if (line.at("stale").get<bool>()) {
      ++trace.stale;
      return;
    }
    const auto [at, first] = applied.emplace(station_of(line), position);
    trace.disorders += !first && position <= at->second ? 1 : 0;
    at->second = position;
  });
  return trace;
}

Statistics read_statistics(const std::string& directory) {
  Statistics found;
  std::set<std::int64_t> late;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const std::string name = file.path().filename();
    if (!name.ends_with(".jsonl")) continue;
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line);
      if (name.starts_with("city_stats_late")) {
        late.insert(json.at("position").get<std::int64_t>());
        continue;
      }
      const std::string key = json.at("contract").get<std::string>() + "/" +
                              std::to_string(json.at("window_start").get<std::int64_t>());
      const std::array counts{json.at("available_stands").get<double>(),
                              json.at("records").get<double>(), json.at("stations").get<double>()};
      found.twice += found.windows.insert_or_assign(key, counts).second ? 0 : 1;
    }
  }
  found.late = static_cast<std::int64_t>(late.size());
  return found;
}

FleetRun run_fleet(const std::vector<std::string>& settings, const std::vector<std::string>& more) {
  const char* programs = std::getenv("RAFALE_BIN_DIR");
  std::vector<std::string> call{
      "rafale", "local", std::string(programs == nullptr ? "." : programs) + "/bike_fleet.so"};
  for (const std::string& setting : settings) {
    call.emplace_back("-c");
    call.push_back(setting);
  }
  call.insert(call.end(), more.begin(), more.end());
  FleetRun run;
  run.ended = support::run(call);
  const auto lines = support::lines_of(run.ended.out);
  run.result = lines.empty() ? json() : json::parse(lines.back(), nullptr, false);
  if (!run.result.is_object()) run.result = json::object();
  return run;
}

std::int64_t stale_in(const FleetRun& run) {
  for (const auto& component : run.result.at("components")) {
    if (component.at("id") == "station") {
      return component.at("user").at("stale").get<std::int64_t>();
    }
  }
  return -1;
}

}  // namespace rafale::bikes
