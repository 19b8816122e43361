// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Batches: when they are full, and their way back to the pool.
#include "worker/batch/batch.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

TEST(Batch, IsFullByRowsOrByBytes) {
  BatchPool pool;
  Batch* batch = pool.take(0);
  batch->rows = Batch::kNear.rows - 1;
  batch->bytes = Batch::kNear.bytes - 1;
  EXPECT_FALSE(batch->full());
  batch->rows = Batch::kNear.rows;
  EXPECT_TRUE(batch->full());
  batch->rows = 1;
  batch->bytes = Batch::kNear.bytes;
  EXPECT_TRUE(batch->full());
  batch->release();
}

TEST(BatchPool, ReusesWhatCameBackAndCleansIt) {
  BatchPool pool;
  Batch* batch = pool.take(100);
  batch->rows = 3;
  batch->bytes = 300;
  batch->runs.push_back({});
  batch->deltas.push_back(1);
  batch->reported_runs = batch->reported_in_run = 1;
  batch->release();
  Batch* again = pool.take(100);
  EXPECT_EQ(again, batch);
  EXPECT_EQ(again->rows, 0u);
  EXPECT_EQ(again->bytes, 0u);
  EXPECT_TRUE(again->runs.empty());
  EXPECT_TRUE(again->deltas.empty());
  EXPECT_EQ(again->reported_runs, 0u);
  EXPECT_EQ(again->reported_in_run, 0u);
  EXPECT_EQ(pool.allocated(), 1u);
  again->release();
}

TEST(BatchPool, WaitsForTheLastReference) {
  BatchPool pool;
  Batch* batch = pool.take(0);
  batch->add_ref();
  batch->release();
  Batch* other = pool.take(0);
  EXPECT_NE(other, batch);
  batch->release();
  Batch* third = pool.take(0);
  EXPECT_EQ(third, batch);
  other->release();
  third->release();
}

TEST(BatchPool, MakesRoomForALargeRowAndDoesNotKeepIt) {
  BatchPool pool;
  Batch* batch = pool.take(1'000'000);
  EXPECT_GE(batch->end() - batch->tail(), 1'000'000);
  EXPECT_EQ(pool.allocated(), 1u);
  batch->release();
  EXPECT_EQ(pool.allocated(), 0u);
  batch = pool.take(Batch::kBlockBytes);
  EXPECT_EQ(batch->capacity(), Batch::kBlockBytes);
  batch->release();
  EXPECT_EQ(pool.allocated(), 1u);
}

// As many blocks as there are batches under way, however many pass.
TEST(BatchPool, TakesBatchesBackFromOtherThreads) {
  constexpr int kRounds = 300;
  constexpr int kUnderWay = 8;
  BatchPool pool;
  std::vector<Batch*> batches;
  for (int i = 0; i < kRounds; ++i) {
    batches.clear();
    for (int k = 0; k < kUnderWay; ++k) {
      batches.push_back(pool.take(0));
      batches.back()->add_ref();
      batches.back()->data()[0] = static_cast<char>(i);
    }
    const auto drop = [&batches](std::size_t from) {
      for (std::size_t k = from; k < batches.size(); ++k) {
        batches[k]->release();
      }
    };
    std::thread other([&] { drop(0); });
    drop(0);
    other.join();
  }
  EXPECT_EQ(pool.allocated(), static_cast<std::size_t>(kUnderWay));
}

}  // namespace
}  // namespace rafale::worker
