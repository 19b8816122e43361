// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counters of topologies: sums over workers, live and dead, and what windows of time saw of them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rafale/v1/nimbus.pb.h"
#include "rafale/v1/stats.pb.h"

namespace rafale::nimbus {

/// Sums `from` into `to`: counters, histograms, and gauges that are sums.
void add_stats(const v1::ComponentStats& from, v1::ComponentStats& to);
/// Takes the counters of `from` off those of `to`; what would fall below 0 is 0.
void subtract_stats(const v1::ComponentStats& from, v1::ComponentStats& to);
double quantile_ns(const v1::HistogramCounts& histogram, double q);
std::uint64_t pending_of(const v1::WorkerStats& stats);

/// Exact sums: a dead instance counts with what its counter file held, once; one whose supervisor
/// is gone with its last word, and counted_until() says so. Any thread.
class StatsBook {
 public:
  using Totals = std::map<std::string, v1::ComponentStats>;  // by component

  void hear(const v1::WorkerStats& stats, std::int64_t now_ns, std::int64_t unix_ms);
  /// The final counters of an instance that ended. Repetition does nothing.
  void bury(const v1::WorkerStats& stats);
  void forget(const std::string& topology);

  Totals totals(const std::string& topology) const;
  /// totals() less what they were `window_s` seconds ago.
  Totals window(const std::string& topology, std::int64_t window_s, std::int64_t now_ns) const;
  /// Shares of the last seconds by component: busy time per executor.
  std::map<std::string, double> busy(const std::string& topology) const;
  /// Since when counts of a lost machine may lack something; 0: they are exact.
  std::int64_t counted_until_unix_ms(const std::string& topology, std::int64_t now_ns) const;

  /// Remembers samples for window(); to be called about once a second.
  void sample(std::int64_t now_ns);

  v1::StoredTotals store(const std::string& topology) const;
  void restore(const std::string& topology, const v1::StoredTotals& stored);
  std::vector<std::string> topologies() const;

 private:
  struct Live {
    v1::WorkerStats stats;
    std::int64_t heard_ns = 0;
    std::int64_t unix_ms = 0;
  };
  struct Sample {
    std::int64_t at_ns = 0;
    Totals totals;
  };
  struct Ring {  // of samples `spacing_s` apart
    std::int64_t window_s = 0;
    std::int64_t spacing_s = 0;
    std::deque<Sample> samples;
  };
  using Instance = std::pair<std::uint32_t, std::uint32_t>;  // worker, instance
  struct Topology {
    Totals dead;
    std::map<Instance, bool> buried;
    std::map<Instance, Live> live;  // the newest of each worker, and those not buried yet
    std::vector<Ring> rings{{600, 30, {}}, {10'800, 540, {}}, {86'400, 4320, {}}};
    std::deque<Sample> seconds;  // the last few, for busy()
  };
  Totals sum(const Topology& topology) const;

  mutable std::mutex mutex_;
  std::map<std::string, Topology> topologies_;
};

}  // namespace rafale::nimbus
