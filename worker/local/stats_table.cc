// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Columns of the statistics table.

#include "worker/local/stats_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace rafale::worker {
namespace {

using Row = std::array<std::string, 9>;

std::uint64_t emitted(const ComponentCounts& component) {
  std::uint64_t sum = 0;
  for (const StreamCounts& stream : component.streams) sum += stream.emitted;
  return sum;
}

std::uint64_t failed(const ComponentCounts& component) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : component.failed) sum += count;
  return sum;
}

// 0.4, 52, 3.1k, 4.2M: wide enough to compare, narrow enough to read.
std::string short_number(double value) {
  if (value >= 99.95e6) return fmt::format("{:.0f}M", value / 1e6);
  if (value >= 999.5e3) return fmt::format("{:.1f}M", value / 1e6);
  if (value >= 99.95e3) return fmt::format("{:.0f}k", value / 1e3);
  if (value >= 9999.5) return fmt::format("{:.1f}k", value / 1e3);
  if (value == 0 || value >= 9.95) return fmt::format("{:.0f}", value);
  return fmt::format("{:.1f}", value);
}

std::string rate(std::uint64_t before, std::uint64_t now, double interval_s) {
  if (interval_s <= 0 || now < before) return "-";
  return short_number(static_cast<double>(now - before) / interval_s);
}

const ComponentCounts& same_component(const Snapshot& snapshot, std::string_view id) {
  static const ComponentCounts kNone;
  const auto found = std::ranges::find(snapshot.components, id, &ComponentCounts::id);
  return found == snapshot.components.end() ? kNone : *found;
}

Row component_row(const ComponentCounts& before, const ComponentCounts& now, double interval_s) {
  return {now.id + (now.fused ? " (fused)" : ""),
          fmt::format("{}", now.tasks),
          now.spout ? "-" : rate(before.executed, now.executed, interval_s),
          rate(emitted(before), emitted(now), interval_s),
          rate(before.acked, now.acked, interval_s),
          fmt::format("{}", failed(now)),
          fmt::format("{}", now.queued_batches),
          now.spout ? fmt::format("{:.2f}ms", now.complete_latency_ms_p50)
                    : fmt::format("{:.2f}us", now.execute_latency_us_p50),
          now.spout ? fmt::format("{:.2f}ms", now.complete_latency_ms_p99)
                    : fmt::format("{:.2f}us", now.execute_latency_us_p99)};
}

std::string aligned(const std::vector<Row>& rows) {
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    fmt::format_to(std::back_inserter(text), "  {:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      fmt::format_to(std::back_inserter(text), "  {:>{}}", row[i], widths[i]);
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string stats_table(const Snapshot& before, const Snapshot& now,
                        std::chrono::nanoseconds interval) {
  const double interval_s = std::chrono::duration<double>(interval).count();
  std::vector<Row> rows{{"component", "tasks", "executed/s", "emitted/s", "acked/s", "failed",
                         "queued", "p50", "p99"}};
  for (const ComponentCounts& component : now.components) {
    rows.push_back(component_row(same_component(before, component.id), component, interval_s));
  }
  const TopologyStats& totals = now.totals;
  return fmt::format(
             "{:.1f}s  emitted {} ({}/s)  acked {} ({}/s)  failed {}  replayed {}  "
             "dead_lettered {}  pending {}\n",
             totals.uptime_s, totals.emitted,
             rate(before.totals.emitted, totals.emitted, interval_s), totals.acked,
             rate(before.totals.acked, totals.acked, interval_s), totals.failed, totals.replayed,
             totals.dead_lettered, totals.pending) +
         aligned(rows);
}

}  // namespace rafale::worker
