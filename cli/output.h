// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Results as tables, JSON or YAML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace rafale::cli {

/// Columns as wide as their widest cell, two blanks between them. A column whose cells below the
/// heading are all numbers is flush right.
///
///   Table table({"NAME", "STATUS"});
///   table.add({"words", "ACTIVE"});
///   fmt::print("{}", table.text());
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  /// As many cells as there are headings.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.size() == 1; }
  /// With a line's end after each row.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// As YAML: block style, strings quoted where they would not read back as strings.
std::string to_yaml(const nlohmann::ordered_json& value);

/// Prints `value` in the form that -o names, json or yaml; with neither, returns false.
bool print_structured(const nlohmann::ordered_json& value, std::string_view form);

/// A number or text of an object as a cell: doubles with three significant digits, null as "-".
std::string cell(const nlohmann::ordered_json& value);

/// "3s", "4m 5s", "2h 10m", "3d 4h".
std::string uptime_text(double seconds);

/// "1.5 GiB"
std::string bytes_text(std::uint64_t bytes);

}  // namespace rafale::cli
