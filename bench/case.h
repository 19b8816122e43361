// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a benchmark is: something that can be measured once more, and then say what it found.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/measure.h"

namespace rafale::bench {

/// What the user asked for.
struct Options {
  std::vector<std::string>
      cases;  ///< names or patterns with *; empty: all but micro, cluster, Kafka cases
  int rounds = 3;
  double seconds = 1;            ///< of a window
  double warm_up = 0.3;          ///< seconds before it
  std::uint64_t iterations = 0;  ///< of micro cases, instead of a time; for callgrind
  std::string plugins;           ///< directory of the .so files
  std::string yardsticks;        ///< directory of the yardstick programs; empty: none
  std::string bike_file;         ///< JSON lines of stations; empty: what the shared data holds
};

/// One row of the results. A round takes one window; the cases take turns, so that a slow moment of
/// the machine does not hit one of them alone. Errors are exceptions.
class Case {
 public:
  virtual ~Case() = default;

  const std::string& name() const { return name_; }
  const std::string& what() const { return what_; }
  /// The yardstick to compare with; empty if there is none.
  const std::string& yardstick() const { return yardstick_; }
  const Series& series() const { return series_; }

  /// Why it cannot run here; empty if it can.
  virtual std::string missing(const Options&) { return {}; }
  virtual void round(const Options& options) = 0;
  /// Found besides the series.
  virtual nlohmann::ordered_json details() const { return nlohmann::ordered_json::object(); }

 protected:
  Case(std::string name, std::string what, std::string yardstick = {})
      : name_(std::move(name)), what_(std::move(what)), yardstick_(std::move(yardstick)) {}

  Series series_;

 private:
  std::string name_;
  std::string what_;
  std::string yardstick_;
};

using Cases = std::vector<std::unique_ptr<Case>>;

// Each adds its cases.
void add_perf_cases(Cases& cases);
void add_word_count_cases(Cases& cases);
void add_bike_cases(Cases& cases);
void add_latency_cases(Cases& cases);
void add_cluster_cases(Cases& cases);
void add_micro_cases(Cases& cases);
void add_kafka_cases(Cases& cases);
/// What Kafka itself can do, in the same run.
void add_kafka_yardsticks(Cases& yardsticks);
void add_yardsticks(Cases& yardsticks);

}  // namespace rafale::bench
