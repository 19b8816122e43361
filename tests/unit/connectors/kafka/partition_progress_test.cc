// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The prefix of complete records, in any order of completion.
#include "connectors/kafka/partition_progress.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/seed.h"

namespace rafale::connectors {
namespace {

TEST(PartitionProgress, MovesOverWhatIsCompleteFromTheFrontOnly) {
  PartitionProgress progress(10);
  const auto a = progress.add(10, 1);
  const auto b = progress.add(11, 1);
  progress.complete(b);
  EXPECT_EQ(progress.complete_below(), 10);
  EXPECT_EQ(progress.span(), 2u);
  progress.complete(a);
  EXPECT_EQ(progress.complete_below(), 12);
  EXPECT_EQ(progress.span(), 0u);
}

TEST(PartitionProgress, StepsOverHolesOfCompactionAndRecordsThatEmitNothing) {
  PartitionProgress progress(0);
  const auto a = progress.add(5, 1);
  progress.add(9, 0);
  EXPECT_EQ(progress.complete_below(), 0);
  progress.complete(a);
  EXPECT_EQ(progress.complete_below(), 10);
}

TEST(PartitionProgress, WaitsForAllMessagesOfARecord) {
  PartitionProgress progress(0);
  const auto a = progress.add(0, 3);
  progress.complete(a);
  progress.complete(a);
  EXPECT_EQ(progress.complete_below(), 0);
  progress.complete(a);
  EXPECT_EQ(progress.complete_below(), 1);
  progress.complete(a);  // once too often
  EXPECT_EQ(progress.complete_below(), 1);
}

TEST(PartitionProgress, AgreesWithANaiveModelInRandomOrders) {
  common::Random random(support::seed());
  for (int round = 0; round < 200; ++round) {
    PartitionProgress progress(0);
    struct Record {
      std::int64_t offset;
      std::uint64_t place;
      bool complete;
    };
    std::vector<Record> records;
    std::int64_t offset = 0;
    for (int step = 0; step < 300; ++step) {
      if (records.empty() || random.below(2) == 0) {
        offset += 1 + static_cast<std::int64_t>(random.below(3));
        records.push_back({offset, progress.add(offset, 1), false});
      } else {
        Record& record = records[random.below(records.size())];
        if (!record.complete) progress.complete(record.place);
        record.complete = true;
      }
      std::int64_t expected = 0;
      for (const Record& record : records) {
        if (!record.complete) break;
        expected = record.offset + 1;
      }
      ASSERT_EQ(progress.complete_below(), expected) << "round " << round << " step " << step;
    }
  }
}

}  // namespace
}  // namespace rafale::connectors
