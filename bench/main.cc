// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// rafale-bench: runs benchmarks in turns and prints one JSON object.
#include <fnmatch.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "bench/case.h"

namespace {

using namespace rafale::bench;

bool matches(const std::string& name, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

bool wanted(const Case& one, const Options& options) {
  return options.cases.empty()
             ? !one.name().starts_with("micro_") && !one.name().starts_with("cluster_") &&
                   !one.name().starts_with("kafka_")
             : matches(one.name(), options.cases);
}

Cases all_cases() {
  Cases cases;
  add_perf_cases(cases);
  add_word_count_cases(cases);
  add_bike_cases(cases);
  add_latency_cases(cases);
  add_cluster_cases(cases);
  add_kafka_cases(cases);
  add_micro_cases(cases);
  return cases;
}

/// Leaves what can run and says on standard error what cannot.
void drop_missing(Cases& cases, const Options& options) {
  std::erase_if(cases, [&](const auto& one) {
    const std::string why = one->missing(options);
    if (!why.empty()) {
      std::cerr << "rafale-bench: left out " << one->name() << ": " << why << '\n';
    }
    return !why.empty();
  });
}

nlohmann::ordered_json ratio(const Case& one, const Case& yardstick) {
  const auto divided = [](const Spread& ours, const Spread& theirs) {
    return rounded(ours.median / theirs.median);
  };
  return {{"to", yardstick.name()},
          {"per_second", divided(one.series().rate(), yardstick.series().rate())},
          {"per_cpu_second",
           divided(one.series().per_cpu_second(), yardstick.series().per_cpu_second())}};
}

nlohmann::ordered_json result(const Case& one, const Cases& yardsticks) {
  nlohmann::ordered_json json{{"name", one.name()}, {"what", one.what()}};
  json.update(one.series().to_json());
  json.update(one.details());
  for (const auto& yardstick : yardsticks) {
    if (yardstick->name() == one.yardstick() && !yardstick->series().empty()) {
      json["ratio"] = ratio(one, *yardstick);
    }
  }
  return json;
}

nlohmann::ordered_json results(const Cases& cases, const Cases& yardsticks,
                               const Options& options) {
  nlohmann::ordered_json json{{"cores", std::thread::hardware_concurrency()},
                              {"rounds", options.rounds},
                              {"seconds", options.seconds},
                              {"cases", nlohmann::ordered_json::array()}};
  for (const auto& one : cases) {
    json["cases"].push_back(result(*one, yardsticks));
  }
  for (const auto& yardstick : yardsticks) {
    json["yardsticks"].push_back(result(*yardstick, {}));
  }
  return json;
}

void run(Cases& cases, Cases& yardsticks, const Options& options) {
  for (int round = 0; round < options.rounds; ++round) {
    for (Cases* group : {&yardsticks, &cases}) {
      for (const auto& one : *group) {
        std::cerr << "round " << round + 1 << '/' << options.rounds << ' ' << one->name()
                  << std::endl;
        one->round(options);
      }
    }
  }
}

void add_options(CLI::App& app, Options& options, bool& list) {
  app.add_flag("--list", list, "names of all cases");
  app.add_option(
      "--case", options.cases,
      "cases to run, by name or pattern (const_*); micro_*, cluster_* and kafka_* run only if "
      "named");
  app.add_option("--rounds", options.rounds, "windows of each case")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "length of a window")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_option("--warm-up", options.warm_up, "seconds before a window")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app.add_option("--iterations", options.iterations,
                 "of micro cases, instead of --seconds: to count instructions");
  app.add_option("--plugins", options.plugins, "directory of perf.so and the others")
      ->capture_default_str();
  app.add_option(
      "--yardsticks", options.yardsticks,
      "directory of the programs t2, ip, wc, e2e and raw, to run in turns with the cases");
  app.add_option("--bike-file", options.bike_file, "JSON lines of stations, plain or .zst");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.plugins = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  bool list = false;
  CLI::App app(
      "Measures the engine, in this process or on a cluster of its own, and prints one JSON "
      "object.",
      "rafale-bench");
  add_options(app, options, list);
  CLI11_PARSE(app, argc, argv);

  Cases cases = all_cases();
  if (list) {
    for (const auto& one : cases) {
      std::cout << one->name() << "  " << one->what() << '\n';
    }
    return 0;
  }
  std::erase_if(cases, [&](const auto& one) { return !wanted(*one, options); });
  if (cases.empty()) {
    std::cerr << "rafale-bench: no case has such a name; --list shows them\n";
    return 2;
  }
  Cases yardsticks;
  if (!options.yardsticks.empty()) {
    add_yardsticks(yardsticks);
  }
  if (std::ranges::any_of(cases,
                          [](const auto& one) { return one->name().starts_with("kafka_"); })) {
    add_kafka_yardsticks(yardsticks);
  }
  try {
    drop_missing(cases, options);
    drop_missing(yardsticks, options);
    run(cases, yardsticks, options);
  } catch (const std::exception& e) {
    std::cerr << "rafale-bench: " << e.what() << '\n';
    return 1;
  }
  std::cout << results(cases, yardsticks, options).dump(2) << std::endl;
  return 0;
}
