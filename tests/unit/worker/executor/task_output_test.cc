// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Lanes of a task: what goes into their batches, and what happens to these.
#include "worker/executor/task_output.h"

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/seed.h"
#include "tests/unit/worker/executor/bench.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;

/// A bolt with a stream of text; rows are emitted without anchors unless a test says otherwise.
class TaskOutputTest : public testing::Test {
 protected:
  TaskOutputTest() {
    BoltInstance instance;
    instance.bolt = std::make_unique<FunctionBolt>([](const Tuple&, BoltCollector&) {});
    task_ = std::make_unique<BoltTask>(
        bench_.core, "bolt", 3, std::vector<const detail::StreamInfo*>{&texts_},
        std::vector<const detail::StreamInfo*>{&texts_}, std::move(instance));
    task_->wired(nullptr);
  }
  void to(const std::vector<Destination>& tasks, Grouping::Kind kind = Grouping::Kind::shuffle) {
    subscribe(*task_, tasks, kind);
    task_->wired(nullptr);
  }
  void emit(const std::string& text) { BoltCollector(*task_).emit(kUnanchored, text); }
  static std::vector<std::string> texts(const Batch& batch) {
    std::vector<std::string> all;
    const char* row = batch.data();
    for (std::uint32_t i = 0; i < batch.rows; ++i, row += row::length(row)) {
      all.emplace_back(row::variable(row, row::slot(row, 0)));
    }
    return all;
  }
  std::vector<std::uint32_t> rows_sent() const {
    std::vector<std::uint32_t> rows;
    for (const Batch* batch : bench_.out.batches) {
      rows.push_back(batch->rows);
    }
    return rows;
  }

  detail::StreamInfo texts_{"bolt", "default", {{"text", FieldType::string}}};
  Bench bench_;
  std::unique_ptr<BoltTask> task_;
};

constexpr Destination kNear{.task = 4, .worker = 1, .instance = 1};
constexpr Destination kFar{.task = 5, .worker = 2, .instance = 1};

TEST_F(TaskOutputTest, ClosesABatchByRows) {
  to({kNear});
  for (std::uint32_t i = 0; i < 2 * Batch::kNear.rows + 10; ++i) {
    emit("x");
  }
  EXPECT_THAT(rows_sent(), ElementsAre(Batch::kNear.rows, Batch::kNear.rows));
  task_->flush_batches();
  EXPECT_THAT(rows_sent(), ElementsAre(Batch::kNear.rows, Batch::kNear.rows, 10u));
}

TEST_F(TaskOutputTest, ClosesABatchByBytes) {
  to({kNear});
  for (int i = 0; i < 40; ++i) {
    emit(std::string(1000, 'x'));
  }
  ASSERT_EQ(bench_.out.batches.size(), 1u);
  EXPECT_GE(bench_.out.batches[0]->bytes, Batch::kNear.bytes);
  EXPECT_LT(bench_.out.batches[0]->bytes, Batch::kNear.bytes + 1100);
}

TEST_F(TaskOutputTest, SendsARowAboveABlockInABatchOfItsOwn) {
  to({kNear});
  emit("before");
  emit(std::string(100'000, 'x'));
  emit("after");
  task_->flush_batches();
  EXPECT_THAT(rows_sent(), ElementsAre(1u, 1u, 1u));
  EXPECT_EQ(texts(*bench_.out.batches[1])[0].size(), 100'000u);
  EXPECT_THAT(texts(*bench_.out.batches[2]), ElementsAre("after"));
}

TEST_F(TaskOutputTest, RefusesARowAboveTheLimitAndGoesOn) {
  bench_.core.options.max_tuple_bytes = 1000;
  to({kNear});
  emit("before");
  try {
    emit(std::string(1001, 'x'));
    FAIL() << "it was taken";
  } catch (const std::length_error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("topology.max.tuple.bytes"));
  }
  emit("after");
  task_->flush_batches();
  std::vector<std::string> all;
  for (const Batch* batch : bench_.out.batches) {
    const auto more = texts(*batch);
    all.insert(all.end(), more.begin(), more.end());
  }
  EXPECT_THAT(all, ElementsAre("before", "after"));
}

TEST_F(TaskOutputTest, RefusesARowThatDoesNotFitTheSchemaAndGoesOn) {
  to({kNear});
  emit("before");
  EXPECT_THROW(BoltCollector(*task_).emit(kUnanchored, std::int64_t{1}), std::invalid_argument);
  emit("after");
  task_->flush_batches();
  ASSERT_EQ(bench_.out.batches.size(), 1u);
  EXPECT_THAT(texts(*bench_.out.batches[0]), ElementsAre("before", "after"));
}

// The row stands in one of the batches while it is copied into the others.
TEST_F(TaskOutputTest, SendsTheSameRowsByEverySubscriptionWhateverTheirSizes) {
  common::Random random(support::seed());
  to({{.task = 4, .worker = 1, .instance = 1}, {.task = 5, .worker = 1, .instance = 1}},
     Grouping::Kind::all);
  to({{.task = 6, .worker = 1, .instance = 1}, {.task = 7, .worker = 1, .instance = 1}});
  to({{.task = 8, .worker = 1, .instance = 1}});
  std::vector<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    const std::size_t length = random.chance(0.02) ? random.below(70'000) : random.below(40);
    expected.push_back(std::to_string(i) + std::string(length, 'x'));
    emit(expected.back());
    if (random.chance(0.01)) {
      bench_.core.now_ns += 1000;
      task_->flush_batches(static_cast<std::int64_t>(random.below(2000)));
    }
  }
  task_->flush_batches();
  std::map<TaskId, std::vector<std::string>> got;
  for (const Batch* batch : bench_.out.batches) {
    const auto more = texts(*batch);
    auto& all = got[batch->to.task];
    all.insert(all.end(), more.begin(), more.end());
  }
  EXPECT_EQ(got[4], expected);
  EXPECT_EQ(got[5], expected);
  EXPECT_EQ(got[8], expected);
  ASSERT_EQ(got[6].size() + got[7].size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(got[i % 2 == 0 ? 6 : 7][i / 2], expected[i]);
  }
  EXPECT_EQ(task_->counters().port[0].emitted.get(), 3000u);
  EXPECT_EQ(task_->counters().port[0].transferred.get(), 12'000u);
}

TEST_F(TaskOutputTest, FlushesOnlyBatchesThatAreOldEnough) {
  to({kNear});
  bench_.core.now_ns = 1000;
  emit("x");
  bench_.core.now_ns = 1900;
  task_->flush_batches(1000);
  EXPECT_TRUE(bench_.out.batches.empty());
  bench_.core.now_ns = 2000;
  task_->flush_batches(1000);
  EXPECT_EQ(bench_.out.batches.size(), 1u);
}

TEST_F(TaskOutputTest, IsCongestedWhenAReceiverIsFull) {
  to({kNear});
  emit("x");
  task_->flush_batches();
  EXPECT_FALSE(bench_.core.congested);
  bench_.out.full = true;
  emit("x");
  task_->flush_batches();
  EXPECT_TRUE(bench_.core.congested);
}

TEST_F(TaskOutputTest, IsNotStoppedByAReceiverThatCanReachIt) {
  to({kNear});
  task_->port(0).outlets[0].lanes[0].cyclic = true;
  bench_.out.full = true;
  emit("x");
  task_->flush_batches();
  EXPECT_FALSE(bench_.core.congested);
}

// --- rebind
// -------------------------------------------------------------------------------------------

TEST_F(TaskOutputTest, RebindsLanesAndDropsWhatWasForAnotherInstance) {
  to({kNear, kFar});
  emit("near");
  emit("far");
  task_->rebind({kNear, {.task = 5, .worker = 3, .instance = 4}});
  emit("near");
  emit("far again");
  task_->flush_batches();
  ASSERT_EQ(bench_.out.batches.size(), 2u);
  EXPECT_THAT(texts(*bench_.out.batches[0]), ElementsAre("near", "near"));
  EXPECT_THAT(texts(*bench_.out.batches[1]), ElementsAre("far again"));
  EXPECT_EQ(bench_.out.batches[1]->to.worker, 3u);
  EXPECT_EQ(bench_.out.batches[1]->to.instance, 4u);
}

TEST_F(TaskOutputTest, LeavesLanesAloneOfWhichNothingIsSaid) {
  to({kFar});
  emit("x");
  task_->rebind({kNear});
  task_->flush_batches();
  ASSERT_EQ(bench_.out.batches.size(), 1u);
  EXPECT_EQ(bench_.out.batches[0]->to.worker, 2u);
}

// The input is acked like any other; without these records its tree would look complete.
TEST(TaskOutput, ReportsTheRowsOfABatchThatRebindDrops) {
  Bench bench;
  BatchPool arrivals;
  const auto bolt = make_bolt(bench, 3, [](const Tuple& in, BoltCollector& out) {
    out.emit(in, std::int64_t{1});
    out.ack(in);
  });
  subscribe(*bolt, {{.task = 4, .worker = 2, .instance = 1}});
  bolt->wired(nullptr);
  bolt->process(make_batch(arrivals, {{kSpout, 0}, {kSpout, 1}}));

  bolt->rebind({{.task = 4, .worker = 2, .instance = 2}});
  bench.flush({bolt.get()});

  ASSERT_EQ(bench.out.records.size(), 2u);
  EXPECT_EQ(bench.out.records[0].kind, RecordKind::emit);
  EXPECT_EQ(bench.out.records[0].n, 2);
  EXPECT_EQ(bench.out.records[0].worker, 2u);
  EXPECT_EQ(bench.out.records[0].instance, 1u) << "of the instance that the rows were for";
  EXPECT_EQ(bench.out.records[1].kind, RecordKind::ack);
  bolt->flush_batches();
  EXPECT_TRUE(bench.out.batches.empty());
}

}  // namespace
}  // namespace rafale::worker
