// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Windows of time, what was done in them, and what that cost.
#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

namespace rafale::bench {

/// Nanoseconds of the monotonic clock.
std::int64_t now_ns();
/// CPU seconds of all threads of this process so far, user and system.
double cpu_seconds();

/// One measurement.
struct Window {
  double done = 0;  ///< tuples, records, operations
  double seconds = 0;
  double cpu_seconds = 0;

  double rate() const { return done / seconds; }
  double per_cpu_second() const { return done / cpu_seconds; }
};

/// Smallest, middle and largest of some numbers.
struct Spread {
  double min = 0;
  double median = 0;
  double max = 0;

  static Spread of(std::vector<double> values);
  /// {"min": .., "median": .., "max": ..}, rounded to four significant digits.
  nlohmann::ordered_json to_json() const;
};

/// The windows of one case.
class Series {
 public:
  void add(const Window& window) { windows_.push_back(window); }
  bool empty() const { return windows_.empty(); }
  Spread rate() const;
  Spread per_cpu_second() const;
  /// CPUs that were busy on average.
  Spread cpus() const;
  /// {"windows": n, "per_second": SPREAD, "per_cpu_second": SPREAD, "cpus": SPREAD}
  nlohmann::ordered_json to_json() const;

 private:
  std::vector<Window> windows_;
};

/// Four significant digits, so that results are easy to compare by eye.
double rounded(double value);

}  // namespace rafale::bench
