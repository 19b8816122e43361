// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Clocks and statistics.
#include "bench/measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace rafale::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

template <class F>
Spread spread_of(const std::vector<Window>& windows, F value) {
  std::vector<double> values;
  values.reserve(windows.size());
  for (const Window& window : windows) {
    values.push_back(value(window));
  }
  return Spread::of(std::move(values));
}

}  // namespace

std::int64_t now_ns() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) {
    return 0;
  }
  const double digits = 3 - std::floor(std::log10(std::abs(value)));
  // Dividing by a power of ten gives the shortest decimal; multiplying by a tenth does not.
  return digits >= 0 ? std::round(value * std::pow(10, digits)) / std::pow(10, digits)
                     : std::round(value / std::pow(10, -digits)) * std::pow(10, -digits);
}

Spread Spread::of(std::vector<double> values) {
  if (values.empty()) {
    return {};
  }
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {values.front(), median, values.back()};
}

nlohmann::ordered_json Spread::to_json() const {
  return {{"min", rounded(min)}, {"median", rounded(median)}, {"max", rounded(max)}};
}

Spread Series::rate() const {
  return spread_of(windows_, [](const Window& w) { return w.rate(); });
}
Spread Series::per_cpu_second() const {
  return spread_of(windows_, [](const Window& w) { return w.per_cpu_second(); });
}
Spread Series::cpus() const {
  return spread_of(windows_, [](const Window& w) { return w.cpu_seconds / w.seconds; });
}

nlohmann::ordered_json Series::to_json() const {
  return {{"windows", windows_.size()},
          {"per_second", rate().to_json()},
          {"per_cpu_second", per_cpu_second().to_json()},
          {"cpus", cpus().to_json()}};
}

}  // namespace rafale::bench
