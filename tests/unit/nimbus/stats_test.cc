// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sums that are exact over the death of workers.

#include <gtest/gtest.h>

#include "nimbus/stats_codec.h"

namespace rafale::nimbus {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

v1::WorkerStats stats_of(std::uint32_t worker, std::uint32_t instance, std::uint64_t executed) {
  v1::WorkerStats stats;
  stats.set_topology("t");
  stats.set_worker(worker);
  stats.set_instance(instance);
  v1::ComponentStats& component = *stats.add_components();
  component.set_component("c");
  component.set_executed(executed);
  component.mutable_execute_ns()->add_buckets(40);
  component.mutable_execute_ns()->add_values(executed);
  return stats;
}

TEST(StatsBook, AddsUpTheNewestWordOfEachWorker) {
  StatsBook book;
  book.hear(stats_of(0, 1, 5), kSecondNs, 1);
  book.hear(stats_of(0, 1, 7), 2 * kSecondNs, 2);
  book.hear(stats_of(1, 1, 10), 2 * kSecondNs, 2);
  EXPECT_EQ(book.totals("t")["c"].executed(), 17u);
}

TEST(StatsBook, CountsADeadInstanceByItsFileOnceHoweverOftenItIsTold) {
  StatsBook book;
  book.hear(stats_of(0, 1, 5), kSecondNs, 1);
  book.hear(stats_of(0, 2, 1), kSecondNs, 1);
  book.bury(stats_of(0, 1, 9));  // it did more after its last word
  book.bury(stats_of(0, 1, 9));
  book.hear(stats_of(0, 1, 5), kSecondNs, 1);  // a word that was late
  EXPECT_EQ(book.totals("t")["c"].executed(), 10u);
  EXPECT_EQ(book.counted_until_unix_ms("t", 100 * kSecondNs), 0);
}

TEST(StatsBook, SaysUntilWhenItCountedIfAMachineTookTheCountersWithIt) {
  StatsBook book;
  book.hear(stats_of(0, 1, 5), kSecondNs, 1234);
  book.hear(stats_of(0, 2, 1), 2 * kSecondNs, 5678);
  EXPECT_EQ(book.totals("t")["c"].executed(), 6u);
  EXPECT_EQ(book.counted_until_unix_ms("t", 100 * kSecondNs), 1234);
}

TEST(StatsBook, LooksBackAsFarAsTheWindow) {
  StatsBook book;
  for (std::int64_t second = 0; second <= 1200; ++second) {
    book.hear(stats_of(0, 1, static_cast<std::uint64_t>(second)), second * kSecondNs, second);
    book.sample(second * kSecondNs);
  }
  const auto window = book.window("t", 600, 1200 * kSecondNs);
  EXPECT_NEAR(static_cast<double>(window.at("c").executed()), 600, 31);
  EXPECT_EQ(book.totals("t")["c"].executed(), 1200u);
}

TEST(StatsBook, ComesBackFromItsStore) {
  StatsBook book;
  book.bury(stats_of(0, 1, 9));
  book.hear(stats_of(0, 2, 4), kSecondNs, 1);
  StatsBook again;
  again.restore("t", book.store("t"));
  EXPECT_EQ(again.totals("t")["c"].executed(), 13u);
  again.bury(stats_of(0, 1, 9));
  EXPECT_EQ(again.totals("t")["c"].executed(), 13u) << "it was buried already";
}

}  // namespace
}  // namespace rafale::nimbus
