// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The DOT text of graph_dot.h.

#include "cli/graph_dot.h"

#include <fmt/format.h>

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

// A quoted DOT string. Line feeds become the escape that starts a new line in a label.
std::string dot_quote(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string node(const Json& component) {
  const auto executors = component["executors"].get<std::uint64_t>();
  const auto tasks = component["tasks"].get<std::uint64_t>();
  std::string label = component["name"].get<std::string>();
  if (executors > 1) label += fmt::format(" x{}", executors);
  if (tasks != executors) label += fmt::format("\n{} tasks", tasks);
  const char* shape =
      component["kind"] == "spout" ? "house, orientation=270" : "box, style=rounded";
  return fmt::format("  {} [label={}, shape={}];\n",
                     dot_quote(component["name"].get<std::string>()), dot_quote(label), shape);
}

std::string edge(const Json& input, const std::string& to) {
  std::string label = input["grouping"].get<std::string>();
  std::string fields;
  for (const Json& field : input["fields"]) {
    fields += (fields.empty() ? "" : ", ") + field.get<std::string>();
  }
  if (!fields.empty()) label += fmt::format("({})", fields);
  if (input["stream"] != "default") label = input["stream"].get<std::string>() + "\n" + label;
  return fmt::format("  {} -> {} [label={}];\n", dot_quote(input["component"].get<std::string>()),
                     dot_quote(to), dot_quote(label));
}

}  // namespace

std::string graph_dot(const Json& graph) {
  std::string text = fmt::format(
      "digraph {} {{\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n",
      dot_quote(graph["topology"].get<std::string>()));
  for (const Json& component : graph["components"]) text += node(component);
  for (const Json& component : graph["components"]) {
    for (const Json& input : component["inputs"]) {
      text += edge(input, component["name"].get<std::string>());
    }
  }
  return text + "}\n";
}

}  // namespace rafale::cli
