// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The layout of graph_text.h.

#include "cli/graph_text.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Each component after those that it reads from; those of a cycle in name order.
std::vector<const Json*> downstream_order(const Json& components) {
  std::vector<const Json*> ordered;
  std::set<std::string> placed;
  const auto is_ready = [&placed](const Json& component) {
    return std::ranges::all_of(component["inputs"], [&](const Json& input) {
      return placed.contains(input["component"].get<std::string>());
    });
  };
  std::vector<const Json*> waiting;
  for (const Json& component : components) waiting.push_back(&component);
  while (!waiting.empty()) {
    auto next = std::ranges::find_if(waiting, [&](const Json* c) { return is_ready(*c); });
    if (next == waiting.end()) next = waiting.begin();
    placed.insert((**next)["name"].get<std::string>());
    ordered.push_back(*next);
    waiting.erase(next);
  }
  return ordered;
}

std::string count(const Json& number, const char* what) {
  const auto n = number.get<std::uint64_t>();
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string title(const Json& component) {
  std::string text =
      fmt::format("{}  {}, {}", text_of(component["name"]), text_of(component["kind"]),
                  count(component["executors"], "executor"));
  if (component["tasks"] != component["executors"])
    text += ", " + count(component["tasks"], "task");
  if (component["blocking"].get<bool>()) text += ", threads of its own";
  if (!component["fuse"].get<bool>()) text += ", never fused";
  return text;
}

std::string input_line(const Json& input) {
  std::string from = text_of(input["component"]);
  if (input["stream"] != "default") from += "." + text_of(input["stream"]);
  std::string fields;
  for (const Json& field : input["fields"]) fields += (fields.empty() ? "" : ", ") + text_of(field);
  return fmt::format("  <- {}  {}{}\n", from, text_of(input["grouping"]),
                     fields.empty() ? "" : fmt::format("({})", fields));
}

std::string stream_line(const Json& stream) {
  std::string fields;
  for (const Json& field : stream["fields"]) {
    fields += fmt::format("{}{} {}", fields.empty() ? "" : ", ", text_of(field["name"]),
                          text_of(field["type"]));
  }
  return fmt::format("  -> {}  ({}){}\n", text_of(stream["name"]), fields,
                     stream["direct"].get<bool>() ? "  direct" : "");
}

std::string setting_lines(const Json& settings) {
  std::string text;
  for (const auto& [key, value] : settings.items()) {
    text += fmt::format("  {} = {}\n", key, text_of(value));
  }
  return text;
}

std::string option_lines(const Json& options) {
  std::vector<std::pair<std::string, std::string>> lines;
  std::size_t width = 0;
  for (const Json& option : options) {
    const std::string value =
        option["value"].is_string() ? option["value"].dump() : text_of(option["value"]);
    std::string help = text_of(option["help"]);
    if (option["value"] != option["default"]) {
      help += fmt::format(" (default {})", option["default"].dump());
    }
    lines.emplace_back(fmt::format("{} = {}", text_of(option["key"]), value), std::move(help));
    width = std::max(width, std::min<std::size_t>(lines.back().first.size(), 44));
  }
  std::string text;
  for (const auto& [setting, help] : lines) {
    text += fmt::format("  {:<{}}  {}\n", setting, width, help);
  }
  return text;
}

}  // namespace

std::string graph_text(const Json& graph) {
  std::string text = fmt::format("topology {}\n", text_of(graph["topology"]));
  for (const Json* component : downstream_order(graph["components"])) {
    text += "\n" + title(*component) + "\n";
    for (const Json& input : (*component)["inputs"]) text += input_line(input);
    for (const Json& stream : (*component)["streams"]) text += stream_line(stream);
    text += setting_lines((*component)["settings"]);
  }
  if (!graph["options"].empty()) {
    text += "\noptions of this topology, set with -c KEY=VALUE:\n" + option_lines(graph["options"]);
  }
  if (!graph["settings"].empty()) text += "\nsettings:\n" + setting_lines(graph["settings"]);
  return text;
}

}  // namespace rafale::cli
