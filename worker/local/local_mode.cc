// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The steps of a local run.

#include "worker/local/local_mode.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "common/log.h"
#include "worker/local/report.h"
#include "worker/local/watch.h"
#include "worker/plugin/plugin_loader.h"
#include "worker/plugin/settings.h"
#include "worker/runtime/dead_letter_directory.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;

constexpr int kWrongCall = 2;
constexpr int kBrokenPipe = 141;
// Nobody reads the results any more: only so long as sinks need to close their files.
constexpr milliseconds kDrainWithoutReader{500};

int refuse(const LocalModeWorld& world, std::string_view text, int exit_code) {
  world.complain(fmt::format("rafale: {}", text));
  return exit_code;
}

// Settles how results are printed: an option wins over a setting, and the topology is told.
OutputFormat settle_output(const LocalModeOptions& options, const LocalModeWorld& world,
                           GivenSettings& given) {
  if (options.output) {
    given.set("rafale.output", *options.output == OutputFormat::json ? "json" : "text");
  }
  given.set_default("rafale.output", "text");
  given.set_default("rafale.tty", world.terminal);
  const Value* output = given.config().find("rafale.output");
  return *output == Value("json") ? OutputFormat::json : OutputFormat::text;
}

LocalOptions runtime_options(const LocalModeOptions& options, const Topology& topology) {
  LocalOptions runtime;
  runtime.threads = options.threads;
  runtime.dead_letter_dir = dead_letter_directory(topology);
  runtime.on_error = [](const std::string& component, const std::string& text) {
    common::log::make(component)->error(text);
  };
  return runtime;
}

milliseconds drain_time(const Topology& topology) {
  const double seconds = topology.config.get<double>("topology.message.timeout.secs", 30.0);
  return std::chrono::ceil<milliseconds>(std::chrono::duration<double>(seconds));
}

// For people: where to look for the dead letters.
std::string dead_letter_place(const Topology& topology, const std::string& directory) {
  if (topology.dead_letters.make) return topology.dead_letters.place;
  return (std::filesystem::path(directory) / "dead_letters.jsonl").string();
}

void print_result(const RunResult& result, OutputFormat format, const std::string& letters,
                  const LocalModeWorld& world) {
  const std::uint64_t dead = result.snapshot.totals.dead_lettered;
  if (dead > 0) {
    world.complain(
        fmt::format("{} dead {} in {}", dead, dead == 1 ? "letter" : "letters", letters));
  }
  if (const std::string left = leftover_text(result); !left.empty()) {
    world.complain(fmt::format("rafale: {}", left));
  }
  world.print(format == OutputFormat::json ? result_json(result) : result_text(result));
}

// From start() to the result.
int run(const Topology& topology, const LocalModeOptions& options, OutputFormat format,
        const LocalModeWorld& world) {
  const LocalOptions runtime_with = runtime_options(options, topology);
  const common::Clock::Time start = world.clock.now();
  absl::StatusOr<std::unique_ptr<LocalRuntime>> started = world.start(topology, runtime_with);
  if (!started.ok()) {
    const absl::Status& status = started.status();
    const int code = absl::IsInvalidArgument(status) ? kWrongCall : 1;
    refuse(world, std::string(status.message()), code);
    world.abandon(code);
    return code;
  }
  LocalRuntime& runtime = **started;
  const WatchOptions watching{options.run_for, options.until_done, options.stats_every,
                              world.complain};
  const RunEnd end = watch(runtime, watching, world.clock, world.stop);
  if (end == RunEnd::output_closed) {
    if (!runtime.stop(kDrainWithoutReader)) world.abandon(kBrokenPipe);
    return kBrokenPipe;
  }
  RunResult result;
  result.drained = runtime.stop(drain_time(topology));
  result.elapsed = world.clock.now() - start;
  result.snapshot = runtime.snapshot();
  result.topology = topology.name;
  print_result(result, format, dead_letter_place(topology, runtime_with.dead_letter_dir), world);
  if (!result.drained) world.abandon(exit_code(result));
  return exit_code(result);
}

}  // namespace

int run_local_mode(const LocalModeOptions& options, const LocalModeWorld& world) {
  absl::StatusOr<GivenSettings> given =
      GivenSettings::read(options.config_file, options.assignments);
  if (!given.ok()) return refuse(world, std::string(given.status().message()), kWrongCall);
  const OutputFormat format = settle_output(options, world, *given);
  for (const std::string& note : given->notes()) world.complain(fmt::format("note: {}", note));

  const absl::StatusOr<LoadedTopology> loaded = load_topology(options.plugin, given->config());
  if (!loaded.ok()) {
    const LoadFailure failure = explain(loaded.status(), *given);
    for (const std::string& line : failure.lines) refuse(world, line, failure.exit_code);
    return failure.exit_code;
  }
  return run(loaded->topology(), options, format, world);
}

}  // namespace rafale::worker
