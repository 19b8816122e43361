// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Start, windows and end of a run.
#include "bench/topology_run.h"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "worker/plugin/plugin_loader.h"
#include "worker/runtime/local_runtime.h"

namespace rafale::bench {
namespace {

constexpr std::chrono::seconds kDrain{30};
constexpr std::chrono::minutes kLongestRun{10};

void sleep_for_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

std::unique_ptr<worker::LocalRuntime> start(const Topology& topology) {
  auto runtime = worker::LocalRuntime::start(topology, {});
  if (!runtime.ok()) {
    throw std::runtime_error(std::string(runtime.status().message()));
  }
  return *std::move(runtime);
}

struct Moment {
  double done;
  std::int64_t ns;
  double cpu;

  static Moment now(const worker::LocalRuntime& runtime, const Progress& progress) {
    const double done = progress(runtime.snapshot());
    return {done, now_ns(), cpu_seconds()};
  }
};

Window between(const Moment& from, const Moment& to) {
  return {to.done - from.done, static_cast<double>(to.ns - from.ns) * 1e-9, to.cpu - from.cpu};
}

}  // namespace

void Outcome::add(const worker::Snapshot& snapshot) {
  emitted += snapshot.totals.emitted;
  acked += snapshot.totals.acked;
  failed += snapshot.totals.failed;
}

nlohmann::ordered_json Outcome::to_json() const {
  return {{"emitted", emitted}, {"acked", acked}, {"failed", failed}, {"drained", drained}};
}

Progress executed_by(std::string component) {
  return [component = std::move(component)](const worker::Snapshot& snapshot) {
    for (const worker::ComponentCounts& counts : snapshot.components) {
      if (counts.id == component) {
        return static_cast<double>(counts.executed);
      }
    }
    throw std::runtime_error("the topology has no component " + component);
  };
}

Progress acked() {
  return [](const worker::Snapshot& s) { return static_cast<double>(s.totals.acked); };
}

Window run_for_window(const Topology& topology, const Options& options, const Progress& progress,
                      Outcome& outcome) {
  const auto runtime = start(topology);
  sleep_for_seconds(options.warm_up);
  const Moment before = Moment::now(*runtime, progress);
  sleep_for_seconds(options.seconds);
  const Moment after = Moment::now(*runtime, progress);
  outcome.drained = runtime->stop(kDrain) && outcome.drained;
  outcome.add(runtime->snapshot());
  return between(before, after);
}

Window run_to_end(const Topology& topology, const Progress& progress, Outcome& outcome) {
  const double cpu = cpu_seconds();
  const std::int64_t begin = now_ns();
  const auto runtime = start(topology);
  outcome.drained = runtime->wait_until_done(kLongestRun) && outcome.drained;
  const Window window = between({0, begin, cpu}, Moment::now(*runtime, progress));
  runtime->stop(kDrain);
  outcome.add(runtime->snapshot());
  return window;
}

void with_plugin(const Options& options, const std::string& file, const Config& config,
                 const std::function<void(const Topology&)>& use) {
  const auto loaded = worker::load_topology(options.plugins + "/" + file, config);
  if (!loaded.ok()) {
    throw std::runtime_error(std::string(loaded.status().message()));
  }
  use(loaded->topology());
}

}  // namespace rafale::bench
