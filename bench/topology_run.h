// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Runs a topology in this process for a window, or to its end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bench/case.h"
#include "bench/measure.h"
#include "rafale/config.h"
#include "rafale/topology.h"
#include "worker/metrics/snapshot.h"

namespace rafale::bench {

/// What happened to the messages of a run, over all.
struct Outcome {
  std::uint64_t emitted = 0;
  std::uint64_t acked = 0;
  std::uint64_t failed = 0;
  bool drained = true;

  void add(const worker::Snapshot& snapshot);
  nlohmann::ordered_json to_json() const;
};

/// Counts the work that was done until a moment.
using Progress = std::function<double(const worker::Snapshot&)>;
/// Tuples that a component has executed.
Progress executed_by(std::string component);
/// Messages whose trees are complete.
Progress acked();

/// Warms up, measures one window, drains. Throws std::runtime_error if the topology does not start.
Window run_for_window(const Topology& topology, const Options& options, const Progress& progress,
                      Outcome& outcome);
/// Measures from the start to the end of a finite topology.
Window run_to_end(const Topology& topology, const Progress& progress, Outcome& outcome);

/// Builds the topology of the plugin `file` in options.plugins and calls use(topology).
void with_plugin(const Options& options, const std::string& file, const Config& config,
                 const std::function<void(const Topology&)>& use);

}  // namespace rafale::bench
