// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Worker by worker.

#include "cli/placement_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

const Json* worker_of(const Json& workers, const Json& number) {
  const auto found = std::ranges::find_if(
      workers, [&number](const Json& worker) { return worker["worker"] == number; });
  return found == workers.end() ? nullptr : &*found;
}

std::string executors_text(const Json& executors) {
  std::string text;
  for (const auto& [component, ranges] : executors.items()) {
    for (const Json& range : ranges) {
      text += text.empty() ? "" : " ";
      text += component;
      if (range[0] == range[1]) {
        text += fmt::format("[{}]", range[0].get<int>());
      } else {
        text += fmt::format("[{}-{}]", range[0].get<int>(), range[1].get<int>());
      }
    }
  }
  return text;
}

std::string line(char mark, const Json& worker) {
  return fmt::format("{} worker {} on {}:{}  {}\n", mark, worker["worker"].get<int>(),
                     worker["host"].get<std::string>(), worker["port"].get<int>(),
                     executors_text(worker["executors"]));
}

}  // namespace

std::string placement_diff(const Json& before, const Json& after) {
  std::string text;
  for (const Json& worker : after) {
    const Json* old = worker_of(before, worker["worker"]);
    text += line(old == nullptr ? '+' : *old == worker ? ' ' : '~', worker);
  }
  for (const Json& worker : before) {
    if (worker_of(after, worker["worker"]) == nullptr) text += line('-', worker);
  }
  return text;
}

bool placement_changes(const Json& before, const Json& after) { return before != after; }

}  // namespace rafale::cli
