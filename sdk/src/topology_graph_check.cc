// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The checks of how components hang together.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sdk/src/topology_check.h"

namespace rafale::detail {
namespace {

// "; did you mean ...?", or the names that there are.
std::string hint(std::string_view word, const std::vector<std::string>& names) {
  const std::string near = nearest(word, names);
  if (!near.empty()) return "; did you mean " + json_quote(near) + "?";
  if (names.empty()) return "; there are none";
  std::string out = "; there ";
  out += names.size() == 1 ? "is " : "are ";
  for (const std::string& name : names) {
    if (&name != names.data()) out += ", ";
    out += json_quote(name);
  }
  return out;
}

class GraphCheck {
 public:
  GraphCheck(const std::deque<ComponentDef>& components, Mistakes& mistakes)
      : components_(components), mistakes_(mistakes) {}

  void run() {
    index_components();
    bool spouts = false;
    for (const ComponentDef& component : components_) {
      spouts |= component.is_spout();
      if (!component.is_spout()) check_inputs(component);
    }
    if (spouts) {
      check_reachable();
    } else {
      mistakes_.push_back("the topology has no spout; add one with TopologyBuilder::spout()");
    }
  }

 private:
  void index_components() {
    for (const ComponentDef& component : components_) {
      if (by_name_.emplace(component.name, &component).second) {
        names_.push_back(component.name);
      } else {
        mistakes_.push_back("component " + json_quote(component.name) + " is declared twice");
      }
    }
  }

  // Notes a mistake of a bolt; its further inputs and consumers are judged as if it got tuples.
  void mistake(const ComponentDef& bolt, const std::string& text) {
    mistakes_.push_back("bolt " + json_quote(bolt.name) + text);
    doubtful_.insert(bolt.name);
  }

  void check_inputs(const ComponentDef& bolt) {
    if (bolt.inputs.empty()) {
      mistake(bolt, ": has no input; subscribe it to a stream with shuffle(), fields(), ...");
    }
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (const InputDef& input : bolt.inputs) {
      if (!seen.emplace(input.component, input.stream).second) {
        mistake(bolt, ": subscribes twice to component " + json_quote(input.component) +
                          ", stream " + json_quote(input.stream));
      }
      check_input(bolt, input);
    }
  }

  void check_input(const ComponentDef& bolt, const InputDef& input) {
    const auto source = by_name_.find(input.component);
    if (source == by_name_.end()) {
      mistake(bolt, ": subscribes to unknown component " + json_quote(input.component) +
                        hint(input.component, names_));
      return;
    }
    const StreamDef* stream = source->second->stream(input.stream);
    if (stream == nullptr) {
      std::vector<std::string> streams;
      for (const StreamDef& def : source->second->streams) streams.push_back(def.name);
      mistake(bolt, ": subscribes to component " + json_quote(input.component) +
                        ", which declares no stream " + json_quote(input.stream) +
                        hint(input.stream, streams));
      return;
    }
    const std::string where = ": component " + json_quote(input.component) + ", stream " +
                              json_quote(input.stream) + ": ";
    const bool direct = input.grouping.kind == Grouping::Kind::direct;
    if (direct && !stream->direct) {
      mistake(bolt, where +
                        "direct grouping on a stream that is not direct; declare it with "
                        "direct_output()");
    } else if (!direct && stream->direct) {
      mistake(bolt, where + input.grouping.to_string() +
                        " grouping on a direct stream; subscribe with direct()");
    }
    if (input.grouping.kind == Grouping::Kind::fields) check_fields(bolt, where, input, *stream);
  }

  void check_fields(const ComponentDef& bolt, const std::string& where, const InputDef& input,
                    const StreamDef& stream) {
    if (input.grouping.fields.empty()) {
      mistake(bolt, where + "fields grouping without fields; name at least one of " +
                        stream.schema.to_string());
    }
    std::set<std::string_view> seen;
    for (const std::string& name : input.grouping.fields) {
      const auto at = stream.schema.find(name);
      if (!at) {
        std::vector<std::string> names;
        for (const FieldDef& field : stream.schema.fields()) names.push_back(field.name);
        mistake(bolt,
                where + "fields grouping on unknown field " + json_quote(name) + hint(name, names));
        continue;
      }
      if (!seen.insert(name).second) {
        mistake(bolt, where + "fields grouping names field " + json_quote(name) + " twice");
      }
      const FieldType type = stream.schema[*at].type;
      if (type == FieldType::float64 || type == FieldType::list || type == FieldType::map) {
        mistake(bolt, where + "fields grouping on field " + json_quote(name) + " of type " +
                          std::string(to_string(type)) + "; group by string, bytes, int64 or bool");
      }
    }
  }

  // Follows the tuples from the spouts, and from what already has a mistake, so as not to blame its
  // consumers.
  void check_reachable() {
    std::multimap<std::string_view, const ComponentDef*> consumers;
    std::vector<const ComponentDef*> open;
    std::set<std::string_view> reached;
    for (const ComponentDef& component : components_) {
      for (const InputDef& input : component.inputs) consumers.emplace(input.component, &component);
      if (component.is_spout() || doubtful_.contains(component.name)) {
        open.push_back(&component);
        reached.insert(component.name);
      }
    }
    while (!open.empty()) {
      const ComponentDef* next = open.back();
      open.pop_back();
      const auto [first, last] = consumers.equal_range(next->name);
      for (auto at = first; at != last; ++at) {
        if (reached.insert(at->second->name).second) open.push_back(at->second);
      }
    }
    for (const ComponentDef& component : components_) {
      if (reached.contains(component.name)) continue;
      mistakes_.push_back("bolt " + json_quote(component.name) +
                          ": no spout's tuples can reach it; subscribe it, or one of those that "
                          "feed it, to a spout");
    }
  }

  const std::deque<ComponentDef>& components_;
  Mistakes& mistakes_;
  std::map<std::string_view, const ComponentDef*> by_name_;
  std::vector<std::string> names_;
  std::set<std::string_view> doubtful_;
};

}  // namespace

void check_graph(const std::deque<ComponentDef>& components, Mistakes& mistakes) {
  GraphCheck(components, mistakes).run();
}

}  // namespace rafale::detail
