// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The table that --stats prints.

#include "worker/local/stats_table.h"

#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

Snapshot snapshot(std::uint64_t emitted, std::uint64_t executed) {
  Snapshot s;
  s.totals.emitted = emitted;
  s.totals.acked = executed;
  s.totals.pending = emitted - executed;
  s.totals.uptime_s = 2;
  ComponentCounts feed;
  feed.id = "feed";
  feed.spout = true;
  feed.tasks = 1;
  feed.streams = {{"default", emitted, emitted}};
  feed.acked = executed;
  feed.complete_latency_ms_p50 = 1.5;
  feed.complete_latency_ms_p99 = 9;
  ComponentCounts sink;
  sink.id = "sink";
  sink.tasks = 2;
  sink.fused = true;
  sink.executed = executed;
  sink.acked = executed;
  sink.failed = {1, 0, 2, 0};
  sink.execute_latency_us_p50 = 0.25;
  sink.queued_batches = 3;
  s.components = {feed, sink};
  return s;
}

TEST(StatsTable, ShowsRatesOverTheIntervalAndCountsSinceTheStart) {
  EXPECT_EQ(
      stats_table(snapshot(1000, 900), snapshot(5'001'000, 13'900), std::chrono::seconds(2)),
      "2.0s  emitted 5001000 (2.5M/s)  acked 13900 (6500/s)  failed 0  replayed 0  "
      "dead_lettered 0  pending 4987100\n"
      "  component     tasks  executed/s  emitted/s  acked/s  failed  queued     p50     p99\n"
      "  feed              1           -       2.5M     6500       0       0  1.50ms  9.00ms\n"
      "  sink (fused)      2        6500          0     6500       3       3  0.25us  0.00us\n");
}

TEST(StatsTable, TakesComponentsThatWereNotThereBeforeFromZero) {
  const std::string table = stats_table({}, snapshot(30, 20), std::chrono::seconds(10));
  EXPECT_NE(table.find("emitted 30 (3.0/s)"), std::string::npos) << table;
}

}  // namespace
}  // namespace rafale::worker
