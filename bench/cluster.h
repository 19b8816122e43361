// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A real cluster on this machine, for benchmarks: `rafale dev-cluster` in a folder of its own.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/case.h"

namespace rafale::bench {

/// How two workers talk.
enum class Wire : std::uint8_t { unix_socket, tcp, tls };

/// ZooKeeper, one Nimbus and two supervisors, started when first needed, ended with this object.
/// With Wire::tcp and Wire::tls each supervisor plays a host of its own. Errors are
/// std::runtime_error.
class Cluster {
 public:
  using Settings = std::vector<std::pair<std::string, std::string>>;

  explicit Cluster(Wire wire) : wire_(wire) {}
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// Why none can be started here; empty if one can.
  static std::string missing();
  /// Does nothing if it runs already.
  void start(const Options& options);

  /// Submits a plugin of options.plugins under the name "bench" and waits until it runs.
  void submit(const Options& options, const std::string& plugin, const Settings& settings);
  /// Ends it.
  void kill();

  /// Sum over all tasks of a component of one of their counters, read where the workers write them.
  std::uint64_t total(const std::string& component, const std::string& counter) const;
  /// The same for a histogram.
  std::vector<std::uint64_t> buckets(const std::string& component,
                                     const std::string& counter) const;
  /// CPU seconds of the topology's workers so far.
  double worker_cpu_seconds() const;

  /// What one process of the cluster costs.
  struct Cost {
    std::string name;  ///< nimbus-1, supervisor-2, worker-0
    double cpu_seconds = 0;
    double resident_mb = 0;
  };
  /// All but ZooKeeper.
  std::vector<Cost> costs() const;

 private:
  void rafale(const Options& options, std::vector<std::string> arguments);
  void look_for_workers();

  Wire wire_;
  std::string dir_;
  std::string program_;
  bool submitted_ = false;
  std::vector<std::string> counter_files_;  // of the running topology
  std::vector<std::uint32_t> workers_;      // their processes
};

}  // namespace rafale::bench
