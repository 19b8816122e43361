// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The checks of single components and of settings.
#include "sdk/src/topology_check.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "rafale/config_keys.h"

namespace rafale::detail {
namespace {

constexpr std::size_t kMaxNameLength = 128;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string title(const ComponentDef& component) {
  return (component.is_spout() ? "spout " : "bolt ") + json_quote(component.name);
}

void check_schema(const std::string& where, const Schema& schema, Mistakes& mistakes) {
  if (schema.size() == 0 || schema.size() > Schema::kMaxFields) {
    mistakes.push_back(where + ": " + std::to_string(schema.size()) +
                       " fields; a stream has 1 to " + std::to_string(Schema::kMaxFields));
  }
  std::set<std::string_view> seen;
  for (const FieldDef& field : schema.fields()) {
    check_name(where + ": field", field.name, mistakes);
    if (!seen.insert(field.name).second) {
      mistakes.push_back(where + ": field " + json_quote(field.name) + " is declared twice");
    }
    if (field.type > FieldType::map) {
      mistakes.push_back(where + ": field " + json_quote(field.name) + " is of no type");
    }
  }
}

void check_parallelism(const std::string& where, const ComponentDef& component,
                       Mistakes& mistakes) {
  const auto check = [&](std::uint32_t count, const char* what) {
    if (count >= 1 && count <= kMaxTasks) return true;
    mistakes.push_back(where + ": " + std::to_string(count) + ' ' + what + "; 1 to " +
                       std::to_string(kMaxTasks) + " are possible");
    return false;
  };
  const bool executors = check(component.executors, "executors");
  const bool tasks = check(component.tasks, "tasks");
  if (executors && tasks && component.tasks < component.executors) {
    mistakes.push_back(where + ": " + std::to_string(component.tasks) + " tasks for " +
                       std::to_string(component.executors) +
                       " executors; each executor needs a task, so lower parallelism() or raise "
                       "tasks()");
  }
}

}  // namespace

bool is_valid_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameLength || name.starts_with("__")) return false;
  return is_letter_or_digit(name[0]) && std::ranges::all_of(name, [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '-';
         });
}

void check_name(std::string_view what, std::string_view name, Mistakes& mistakes) {
  if (is_valid_name(name)) return;
  mistakes.push_back(std::string(what) + ' ' + json_quote(name) +
                     (name.starts_with("__") ? ": names that begin with __ are the runtime's own"
                                             : ": a name is 1 to 128 letters, digits, '_', '.' "
                                               "and '-', and begins with none of '.' and '-'"));
}

void check_component(const ComponentDef& component, Mistakes& mistakes) {
  const std::string where = title(component);
  check_name(component.is_spout() ? "spout" : "bolt", component.name, mistakes);
  check_parallelism(where, component, mistakes);
  std::set<std::string_view> seen;
  for (const StreamDef& stream : component.streams) {
    check_name(where + ": stream", stream.name, mistakes);
    if (!seen.insert(stream.name).second) {
      mistakes.push_back(where + ": stream " + json_quote(stream.name) + " is declared twice");
    }
    check_schema(where + ", stream " + json_quote(stream.name), stream.schema, mistakes);
  }
  check_runtime_settings(component.config, where + ": ", mistakes);
}

void check_runtime_settings(const Config& config, const std::string& where, Mistakes& mistakes) {
  for (const auto& [key, value] : config.values()) {
    const ConfigKey* known = find_runtime_config_key(key);
    if (known == nullptr) continue;
    if (const auto mistake = config_mistake(*known, value)) mistakes.push_back(where + *mistake);
  }
}

void check_given_keys(const Config& given, std::vector<std::string> known, Mistakes& mistakes) {
  for (const ConfigKey& key : runtime_config_keys()) known.emplace_back(key.key);
  for (const auto& [key, value] : given.values()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const std::string near = nearest(key, known);
    mistakes.push_back("unknown key " + json_quote(key) +
                       (near.empty() ? "" : "; did you mean " + json_quote(near) + "?"));
  }
}

}  // namespace rafale::detail
