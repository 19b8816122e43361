// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The JSON of describe.h, member by member.

#include "worker/plugin/describe.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "rafale/config.h"
#include "rafale/plugin.h"
#include "rafale/value.h"
#include "worker/runtime/plan.h"

namespace rafale::worker {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Value& value) {
  // By way of text: Value knows its JSON, bytes and non-finite numbers included.
  return Json::parse(value.to_json(), nullptr, false);
}

std::string_view type_name(const Value& value) {
  constexpr std::string_view kNames[] = {"null",   "bool",  "int64", "double",
                                         "string", "bytes", "list",  "map"};
  static_assert(std::variant_size_v<Value::Variant> == std::size(kNames));
  return kNames[value.variant().index()];
}

Json describe_stream(const StreamDef& stream) {
  Json fields = Json::array();
  for (const FieldDef& field : stream.schema.fields()) {
    fields.push_back({{"name", field.name}, {"type", to_string(field.type)}});
  }
  return {{"name", stream.name}, {"direct", stream.direct}, {"fields", std::move(fields)}};
}

Json describe_input(const InputDef& input) {
  const std::string grouping = input.grouping.to_string();
  return {{"component", input.component},
          {"stream", input.stream},
          {"grouping", grouping.substr(0, grouping.find('('))},
          {"fields", input.grouping.fields}};
}

Json describe_settings(const Config& config, const std::vector<OptionDef>& without) {
  Json settings = Json::object();
  for (const auto& [key, value] : config.values()) {
    if (std::ranges::find(without, key, &OptionDef::key) == without.end()) {
      settings[key] = to_json(value);
    }
  }
  return settings;
}

Json describe_component(const ComponentDef& component, TaskId first_task,
                        const std::string& fused_into) {
  Json streams = Json::array();
  for (const StreamDef& stream : component.streams) streams.push_back(describe_stream(stream));
  Json inputs = Json::array();
  for (const InputDef& input : component.inputs) inputs.push_back(describe_input(input));
  return {{"name", component.name},
          {"kind", component.is_spout() ? "spout" : "bolt"},
          {"executors", component.executors},
          {"tasks", component.tasks},
          {"first_task", first_task},
          {"fused_into", fused_into},
          {"blocking", component.blocking},
          {"fuse", component.fuse},
          {"streams", std::move(streams)},
          {"inputs", std::move(inputs)},
          {"settings", describe_settings(component.config, {})}};
}

Json describe_option(const OptionDef& option, const Config& config) {
  const Value* value = config.find(option.key);
  return {{"key", option.key},
          {"type", type_name(option.fallback)},
          {"default", to_json(option.fallback)},
          {"value", to_json(value == nullptr || value->is_null() ? option.fallback : *value)},
          {"help", option.help}};
}

}  // namespace

Json describe(const Topology& topology) {
  Json components = Json::array();
  const Plan plan(topology, topology.config.get<bool>("topology.fuse", true));
  for (const PlannedComponent& planned : plan.components()) {
    components.push_back(
        describe_component(*planned.def, planned.first_task,
                           planned.fused() ? plan.components()[planned.fused_into].def->name : ""));
  }
  Json options = Json::array();
  for (const OptionDef& option : topology.options) {
    options.push_back(describe_option(option, topology.config));
  }
  return {{"topology", topology.name},
          {"workers", topology.config.get<std::int64_t>("topology.workers", 1)},
          {"abi", kAbiVersion},
          {"components", std::move(components)},
          {"options", std::move(options)},
          {"settings", describe_settings(topology.config, topology.options)}};
}

}  // namespace rafale::worker
