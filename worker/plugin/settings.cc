// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reading and locating of settings.h.

#include "worker/plugin/settings.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "common/cluster_keys.h"
#include "common/yaml.h"
#include "rafale/config_keys.h"

namespace rafale::worker {
namespace {

using common::YamlValue;

Value to_value(const YamlValue& yaml) {
  struct Convert {
    Value operator()(std::monostate) const { return {}; }
    Value operator()(bool v) const { return v; }
    Value operator()(std::int64_t v) const { return v; }
    Value operator()(double v) const { return v; }
    Value operator()(const std::string& v) const { return v; }
    Value operator()(const YamlValue::Sequence& sequence) const {
      List list;
      for (const YamlValue& element : sequence) list.push_back(to_value(element));
      return list;
    }
    Value operator()(const YamlValue::Mapping& mapping) const {
      Map map;
      for (const auto& [key, value] : mapping) map.emplace(key, to_value(value));
      return map;
    }
  };
  return std::visit(Convert{}, yaml.data);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool belongs_to_key(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
}

// Where `line` speaks of `key`, that is begins with it or has it in quotes; npos if nowhere.
std::size_t position_of(std::string_view line, std::string_view key) {
  const bool begins = line.starts_with(key);
  if (begins && (line.size() == key.size() || !belongs_to_key(line[key.size()]))) return 0;
  return line.find(fmt::format("\"{}\"", key));
}

}  // namespace

absl::StatusOr<GivenSettings> GivenSettings::read(const std::string& file,
                                                  const std::vector<std::string>& assignments) {
  GivenSettings given;
  if (!file.empty()) {
    const auto settings = common::read_yaml_settings(file);
    if (!settings.ok()) {
      return absl::InvalidArgumentError(settings.status().message());
    }
    for (const common::YamlSetting& setting : *settings) {
      if (common::is_cluster_key(setting.key)) continue;  // the daemons', see cluster_config.h
      given.config_.set(setting.key, to_value(setting.value));
      given.places_[setting.key] = fmt::format("{}:{}:{}", file, setting.line, setting.column);
    }
  }
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    const std::string key(trimmed(std::string_view(assignment).substr(0, equals)));
    if (equals == std::string::npos || key.empty()) {
      return absl::InvalidArgumentError(fmt::format(
          "-c takes KEY=VALUE, not '{}'; for example -c topology.max.attempts=3", assignment));
    }
    const auto value =
        common::parse_yaml_scalar(trimmed(std::string_view(assignment).substr(equals + 1)));
    if (!value.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("-c {}: {}", key, std::string(value.status().message())));
    }
    given.config_.set(key, to_value(*value));
    given.places_[key] = "-c";
  }
  return given;
}

void GivenSettings::set_default(const std::string& key, Value value) {
  if (!config_.contains(key)) config_.set(key, std::move(value));
}

std::vector<Mistake> GivenSettings::locate(const std::string& mistakes) const {
  std::vector<Mistake> located;
  for (std::size_t at = 0; at < mistakes.size();) {
    const std::size_t end = std::min(mistakes.find('\n', at), mistakes.size());
    const std::string line = mistakes.substr(at, end - at);
    at = end + 1;
    // The first key of the line is what it is about; further ones are hints.
    const std::string* place = nullptr;
    std::size_t first = std::string::npos;
    for (const auto& [key, where] : places_) {
      const std::size_t position = position_of(line, key);
      if (position < first) {
        first = position;
        place = &where;
      }
    }
    located.push_back(place == nullptr ? Mistake{line, false}
                                       : Mistake{fmt::format("{}: {}", *place, line), true});
  }
  return located;
}

std::vector<std::string> GivenSettings::notes() const {
  std::vector<std::string> notes;
  for (const auto& [key, place] : places_) {
    const ConfigKey* known = find_runtime_config_key(key);
    if (known != nullptr && !known->note.empty()) {
      notes.push_back(fmt::format("{}: {}: {}", place, key, known->note));
    }
  }
  return notes;
}

LoadFailure explain(const absl::Status& status, const GivenSettings& given) {
  const std::string message(status.message());
  if (!absl::IsInvalidArgument(status)) return {{message}, absl::IsNotFound(status) ? 2 : 1};
  LoadFailure failure{{}, 2};
  for (Mistake& mistake : given.locate(message)) {
    if (!mistake.given) failure.exit_code = 1;
    // A key that resembles no other was not misspelt but guessed.
    if (mistake.text.find("unknown key") != std::string::npos && mistake.text.ends_with('"')) {
      mistake.text +=
          "; 'rafale describe' shows a topology's own, 'rafale help settings' the others";
    }
    failure.lines.push_back(std::move(mistake.text));
  }
  return failure;
}

}  // namespace rafale::worker
