// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sorting of settings and the description of the plugin.

#include "cli/submission.h"

#include <cstdlib>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "common/cluster_keys.h"
#include "common/yaml.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const common::YamlValue& yaml) {
  struct Convert {
    Json operator()(std::monostate) const { return {}; }
    Json operator()(bool v) const { return v; }
    Json operator()(std::int64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
    Json operator()(const common::YamlValue::Sequence& sequence) const {
      Json list = Json::array();
      for (const common::YamlValue& element : sequence) list.push_back(to_json(element));
      return list;
    }
    Json operator()(const common::YamlValue::Mapping& mapping) const {
      Json map = Json::object();
      for (const auto& [key, value] : mapping) map[key] = to_json(value);
      return map;
    }
  };
  return std::visit(Convert{}, yaml.data);
}

/// The file's settings of topologies, as YAML text: JSON is YAML.
absl::StatusOr<std::map<std::string, std::string>> settings_of(const std::string& file) {
  std::map<std::string, std::string> settings;
  if (file.empty()) return settings;
  const auto read = common::read_yaml_settings(file);
  if (!read.ok()) return absl::InvalidArgumentError(read.status().message());
  for (const common::YamlSetting& setting : *read) {
    if (!common::is_cluster_key(setting.key)) {
      settings[setting.key] = to_json(setting.value).dump();
    }
  }
  return settings;
}

}  // namespace

void SubmissionCall::declare(Arguments& arguments) {
  arguments.operand("PLUGIN.so", plugin).option("--name", name);
  cluster.declare(arguments);
}

absl::StatusOr<Submission> prepare_submission(SubmissionCall& call) {
  PluginCall plugin = PluginCall::from_environment();
  plugin.plugin = call.plugin;
  if (!call.cluster.config_file.empty()) plugin.config_file = call.cluster.config_file;
  auto settings = settings_of(plugin.config_file);
  if (!settings.ok()) return settings.status();
  std::vector<std::string> of_cluster;
  for (std::string& assignment : call.cluster.assignments) {
    const std::size_t equals = assignment.find('=');
    const std::string key = assignment.substr(0, equals);
    if (common::is_cluster_key(key)) {
      of_cluster.push_back(std::move(assignment));
      continue;
    }
    if (equals != std::string::npos) (*settings)[key] = assignment.substr(equals + 1);
    plugin.assignments.push_back(std::move(assignment));
  }
  call.cluster.assignments = std::move(of_cluster);

  PluginGraph answer = load_graph(plugin);
  if (!report(answer)) {
    return answer.exit_code == kWrongCall ? absl::InvalidArgumentError("")
                                          : absl::FailedPreconditionError("");
  }
  Submission submission;
  submission.name = call.name.empty() ? answer.graph.value("topology", "") : call.name;
  submission.graph = std::move(answer.graph);
  submission.settings = *std::move(settings);
  return submission;
}

int submission_failed(const absl::Status& status) {
  if (!status.message().empty()) return failed(status);
  return absl::IsInvalidArgument(status) ? kWrongCall : kFailure;
}

void print_notes(const nlohmann::ordered_json& answer) {
  for (const auto& note : answer["notes"]) {
    fmt::print(stderr, "note: {}\n", note.get<std::string>());
  }
}

}  // namespace rafale::cli
