// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From the columns of a recording to JSON lines.
#include "tests/integration/bike_fleet/recording.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "connectors/file/line_reader.h"
#include "tests/support/shared_data.h"

namespace rafale::bikes {
namespace {

constexpr std::string_view kColumns = "poll_ms,contract,number,bikes,stands,status,last_update_ms";

std::array<std::string_view, 7> cells_of(std::string_view row) {
  std::array<std::string_view, 7> cells;
  for (std::string_view& cell : cells) {
    cell = row.substr(0, row.find(','));
    row.remove_prefix(std::min(cell.size() + 1, row.size()));
  }
  return cells;
}

void append_record(std::string& to, std::string_view row) {
  const auto [poll, contract, number, bikes, stands, status, at] = cells_of(row);
  const bool digits = number.find_first_not_of("0123456789") == std::string_view::npos;
  const auto add = [&](auto... parts) { (to.append(parts), ...); };
  const std::string_view quote = digits ? "" : "\"";
  add(R"({"number":)", quote, number, quote, R"(,"contract_name":")", contract, R"(","name":")",
      number, R"(","address":"","position":{"lat":null,"lng":null},"banking":false,)",
      R"("bonus":false,"bike_stands":99,"available_bike_stands":)", stands,
      R"(,"available_bikes":)", bikes, R"(,"status":")", status, R"(","last_update":)", at, "}\n");
}

std::int64_t only_value(const nlohmann::json& by_contract) {
  return by_contract.begin().value().get<std::int64_t>();
}

}  // namespace

Oracle read_oracle(std::string_view recording) {
  std::ifstream file(support::shared_data(std::string(recording) + ".oracle.json"));
  const auto json = nlohmann::json::parse(file);
  Oracle oracle;
  oracle.per_station = json.at("per_station").get<decltype(oracle.per_station)>();
  oracle.records = json.at("records").get<std::int64_t>();
  oracle.deltas_strict = json.at("delta_events_strict").get<std::int64_t>();
  oracle.became_empty_strict = json.at("became_empty_strict").get<std::int64_t>();
  oracle.no_longer_empty_strict = json.at("no_longer_empty_strict").get<std::int64_t>();
  oracle.empty_at_end = only_value(json.at("empty_at_end"));
  oracle.peak_empty = only_value(json.at("peak_empty"));
  return oracle;
}

std::int64_t expand(std::string_view recording, const std::string& to) {
  connectors::LineReader reader(support::shared_data(std::string(recording) + ".csv.zst"));
  connectors::Line line;
  if (!reader.next(line) || line.text != kColumns) {
    throw std::runtime_error("unknown columns in " + reader.path());
  }
  std::ofstream out(to, std::ios::binary);
  std::string records;
  std::int64_t count = 0;
  const auto write = [&] {
    out << records;
    records.clear();
  };
  while (reader.next(line)) {
    append_record(records, line.text);
    ++count;
    if (records.size() > (std::size_t{1} << 20)) write();
  }
  write();
  if (!out.flush()) throw std::runtime_error("cannot write " + to);
  return count;
}

}  // namespace rafale::bikes
