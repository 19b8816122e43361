// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Arguments, loading and answer of `rafale-worker describe`.

#include "worker/plugin/describe_mode.h"

#include <unistd.h>

#include <cstddef>
#include <utility>

#include <nlohmann/json.hpp>

#include "worker/plugin/describe.h"
#include "worker/plugin/plugin_loader.h"
#include "worker/plugin/settings.h"

namespace rafale::worker {
namespace {

using Json = nlohmann::ordered_json;

// Standard output for the answer alone: from here on descriptor 1 is standard error.
class PrivateOutput {
 public:
  PrivateOutput() : fd_(dup(STDOUT_FILENO)) { dup2(STDERR_FILENO, STDOUT_FILENO); }
  PrivateOutput(const PrivateOutput&) = delete;
  PrivateOutput& operator=(const PrivateOutput&) = delete;
  ~PrivateOutput() { close(fd_); }

  // False if the reader is gone.
  bool write_line(const Json& object) {
    const std::string line = object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
    for (std::size_t at = 0; at < line.size();) {
      const ssize_t written = ::write(fd_, line.data() + at, line.size() - at);
      if (written <= 0) return false;
      at += static_cast<std::size_t>(written);
    }
    return true;
  }

 private:
  int fd_;
};

struct Answer {
  Json json;
  int exit_code = 0;
};

Answer refusal(std::vector<std::string> lines, int exit_code) {
  return {{{"errors", std::move(lines)}, {"exit", exit_code}}, exit_code};
}

Answer answer_for(const std::string& plugin, const std::string& file,
                  const std::vector<std::string>& assignments) {
  const absl::StatusOr<GivenSettings> given = GivenSettings::read(file, assignments);
  if (!given.ok()) return refusal({std::string(given.status().message())}, 2);
  const absl::StatusOr<LoadedTopology> loaded = load_topology(plugin, given->config());
  if (!loaded.ok()) {
    LoadFailure failure = explain(loaded.status(), *given);
    return refusal(std::move(failure.lines), failure.exit_code);
  }
  return {{{"graph", describe(loaded->topology())}, {"notes", given->notes()}}, 0};
}

}  // namespace

int run_describe_mode(const std::vector<std::string>& arguments) {
  std::string plugin;
  std::string file;
  std::vector<std::string> assignments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--config" && has_value) {
      file = arguments[++i];
    } else if (arguments[i] == "-c" && has_value) {
      assignments.push_back(arguments[++i]);
    } else if (plugin.empty()) {
      plugin = arguments[i];
    }
  }
  PrivateOutput output;
  const Answer answer = answer_for(plugin, file, assignments);
  return output.write_line(answer.json) ? answer.exit_code : 1;
}

}  // namespace rafale::worker
