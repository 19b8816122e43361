// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Totals that Nimbus keeps on its disk and sends to the others: whatever they are, they can be
// summed, and are the same when they are stored and restored again.

#include <string>

#include "nimbus/stats_codec.h"
#include "tests/fuzz/target.h"

namespace {

std::string stored(const rafale::v1::StoredTotals& totals) {
  rafale::nimbus::StatsBook book;
  book.restore("t", totals);
  book.sample(1);
  const auto sums = book.totals("t");
  for (const auto& [component, stats] : sums) {
    RAFALE_FUZZ_CHECK(rafale::nimbus::quantile_ns(stats.execute_ns(), 0.99) >= 0);
  }
  book.window("t", 600, 2);
  book.busy("t");
  return book.store("t").SerializeAsString();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rafale::v1::StoredTotals totals;
  if (!totals.ParseFromArray(data, static_cast<int>(size))) return 0;
  const std::string once = stored(totals);
  RAFALE_FUZZ_CHECK(totals.ParseFromString(once));
  RAFALE_FUZZ_CHECK(stored(totals) == once);
  return 0;
}
