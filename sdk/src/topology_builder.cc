// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Collects what a topology says of itself and turns it into a Topology.
#include "rafale/topology_builder.h"

#include <algorithm>
#include <limits>

#include "rafale/config_keys.h"
#include "sdk/src/topology_check.h"

namespace rafale {
namespace {

constexpr std::uint32_t kAsManyAsExecutors = std::numeric_limits<std::uint32_t>::max();

std::string join(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    if (!out.empty()) out += '\n';
    out += line;
  }
  return out;
}

// The next two read a setting if it is usable; a wrong one is reported elsewhere.
std::string given_name(const Config& config, const std::string& fallback) {
  const Value* name = config.find("topology.name");
  const ConfigKey* key = find_runtime_config_key("topology.name");
  return name == nullptr || config_mistake(*key, *name)
             ? fallback
             : config.get<std::string>("topology.name", fallback);
}

std::uint32_t executor_limit(const Config& config) {
  const Value* v = config.find("topology.max.task.parallelism");
  const std::int64_t* limit = v == nullptr ? nullptr : v->as<std::int64_t>();
  return limit == nullptr || *limit < 1 || *limit > detail::kMaxTasks
             ? detail::kMaxTasks
             : static_cast<std::uint32_t>(*limit);
}

void settle_parallelism(ComponentDef& component, std::uint32_t limit) {
  if (component.executors <= detail::kMaxTasks) {
    component.executors = std::min(component.executors, limit);
  }
  if (component.tasks == kAsManyAsExecutors) {
    component.tasks = std::clamp(component.executors, 1u, detail::kMaxTasks);
  }
}

}  // namespace

InvalidTopology::InvalidTopology(std::vector<std::string> mistakes)
    : std::invalid_argument(join(mistakes)), mistakes_(std::move(mistakes)) {}

TopologyBuilder::TopologyBuilder(std::string name, Config given)
    : name_(std::move(name)), given_(std::move(given)) {}

TopologyBuilder::~TopologyBuilder() = default;

void TopologyBuilder::declare(OptionDef option) {
  detail::check_name("option", option.key, mistakes_);
  if (std::ranges::find(options_, option.key, &OptionDef::key) != options_.end()) {
    mistake("option " + json_quote(option.key) + " is declared twice");
    return;
  }
  options_.push_back(std::move(option));
}

ComponentDef& TopologyBuilder::add_component(std::string name) {
  ComponentDef& def = components_.emplace_back();
  def.name = std::move(name);
  def.tasks = kAsManyAsExecutors;
  return def;
}

SpoutDeclarer& TopologyBuilder::add_spout(std::string name, SpoutFactory make) {
  ComponentDef& def = add_component(std::move(name));
  def.factory = std::move(make);
  return spouts_.emplace_back(def);
}

BoltDeclarer& TopologyBuilder::add_bolt(
    std::string name, std::variant<SpoutFactory, BoltFactory, BasicBoltFactory> make) {
  ComponentDef& def = add_component(std::move(name));
  def.factory = std::move(make);
  return bolts_.emplace_back(def);
}

Topology TopologyBuilder::build() {
  Config config = defaults_;
  config.merge(given_);
  Topology topology{
      std::move(name_), {}, std::move(options_), std::move(config), std::move(dead_letters_)};
  topology.name = given_name(topology.config, topology.name);

  std::vector<std::string> known;
  for (const OptionDef& option : topology.options) known.push_back(option.key);
  for (const auto& [key, value] : defaults_.values()) known.push_back(key);
  detail::check_given_keys(given_, std::move(known), mistakes_);
  detail::check_runtime_settings(topology.config, "", mistakes_);
  detail::check_name("topology", topology.name, mistakes_);

  const std::uint32_t limit = executor_limit(topology.config);
  for (ComponentDef& component : components_) {
    settle_parallelism(component, limit);
    detail::check_component(component, mistakes_);
  }
  detail::check_graph(components_, mistakes_);
  if (!mistakes_.empty()) throw InvalidTopology(std::move(mistakes_));

  for (ComponentDef& component : components_) {
    // Not the algorithm of std::ranges, which Clang 14 cannot compile.
    std::stable_partition(component.streams.begin(), component.streams.end(),
                          [](const StreamDef& stream) { return stream.name == "default"; });
    topology.components.push_back(std::move(component));
  }
  std::ranges::sort(topology.components, {}, &ComponentDef::name);
  return topology;
}

// ---- subscriptions
// -------------------------------------------------------------------------------

BoltDeclarer& BoltDeclarer::subscribe(std::string component, std::string stream,
                                      Grouping grouping) {
  def_->inputs.push_back({std::move(component), std::move(stream), std::move(grouping)});
  return *this;
}

BoltDeclarer& BoltDeclarer::shuffle(std::string component, std::string stream) {
  return subscribe(std::move(component), std::move(stream), {Grouping::Kind::shuffle, {}});
}

BoltDeclarer& BoltDeclarer::local_or_shuffle(std::string component, std::string stream) {
  return subscribe(std::move(component), std::move(stream), {Grouping::Kind::local_or_shuffle, {}});
}

BoltDeclarer& BoltDeclarer::fields(std::string component, std::vector<std::string> fields,
                                   std::string stream) {
  return subscribe(std::move(component), std::move(stream),
                   {Grouping::Kind::fields, std::move(fields)});
}

BoltDeclarer& BoltDeclarer::all(std::string component, std::string stream) {
  return subscribe(std::move(component), std::move(stream), {Grouping::Kind::all, {}});
}

BoltDeclarer& BoltDeclarer::global(std::string component, std::string stream) {
  return subscribe(std::move(component), std::move(stream), {Grouping::Kind::global, {}});
}

BoltDeclarer& BoltDeclarer::direct(std::string component, std::string stream) {
  return subscribe(std::move(component), std::move(stream), {Grouping::Kind::direct, {}});
}

}  // namespace rafale
