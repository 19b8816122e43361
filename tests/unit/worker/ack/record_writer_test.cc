// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What an executor tells the trackers: merged, complete, and emits before acks.
#include "worker/ack/record_writer.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/ack/roots.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;

constexpr SpoutRef kSpout{.task = 1, .incarnation = 5};
constexpr SpoutRef kOther{.task = 2, .incarnation = 5};

struct Sent {
  TaskId to;
  RecordBlock* block;
};

class RecordWriterTest : public testing::Test {
 protected:
  ~RecordWriterTest() override {
    for (const Sent& sent : sent_) {
      sent.block->home->give_back(sent.block);
    }
    batch_->release();
  }

  void add(std::uint64_t seq, const SpoutRef& spout = kSpout) {
    ++batch_->rows;
    runs_.add(*batch_, {spout, seq}, edges_);
  }
  /// The roots of a slice, in order.
  static std::vector<std::uint64_t> roots(const Record& record, const RecordBlock& block) {
    std::vector<std::uint64_t> all{record.root0};
    for (std::uint32_t i = 1; i < record.n; ++i) {
      all.push_back(all.back() + (record.deltas != 0 ? block.deltas[record.deltas - 1 + i] : 1));
    }
    return all;
  }
  std::vector<std::uint64_t> roots(std::size_t block, std::size_t record) const {
    const RecordBlock& of = *sent_[block].block;
    return roots(of.records[record], of);
  }
  detail::Link link(std::uint64_t root, std::uint64_t edge, std::uint16_t row = 0,
                    bool derived = false) {
    return {.root = root,
            .edge = edge,
            .spout_task = kSpout.task,
            .incarnation = kSpout.incarnation,
            .row = row,
            .derived = derived};
  }

  std::vector<Sent> sent_;
  BatchPool pool_;
  Batch* batch_ = [this] {
    Batch* batch = pool_.take(0);
    batch->to = {.task = 8, .worker = 3, .instance = 2};
    return batch;
  }();
  EdgeSource edges_{3};
  RunAppender runs_;
  RecordWriter writer_{[this](TaskId to, RecordBlock* block) { sent_.push_back({to, block}); }};
};

TEST_F(RecordWriterTest, ReportsEachRunOnceAsOneRecord) {
  add(10);
  add(11);
  add(20);
  add(5);
  writer_.report_emits(*batch_);
  writer_.report_emits(*batch_);
  writer_.flush();
  ASSERT_EQ(sent_.size(), 1u);
  ASSERT_EQ(sent_[0].block->records.size(), 2u);
  EXPECT_THAT(roots(0, 0), ElementsAre(10, 11, 20));
  EXPECT_THAT(roots(0, 1), ElementsAre(5));
  const Record& record = sent_[0].block->records[0];
  EXPECT_EQ(record.kind, RecordKind::emit);
  EXPECT_EQ(record.worker, 3u);
  EXPECT_EQ(record.instance, 2u);
  EXPECT_EQ(record.spout, kSpout);
  EXPECT_EQ(record.edge, batch_->runs[0].edge);
}

TEST_F(RecordWriterTest, ReportsTheRestOfARunThatHasGrown) {
  add(10);
  add(11);
  writer_.report_emits(*batch_);
  add(12);
  writer_.report_emits(*batch_);
  add(20);  // from here on the run has deltas
  add(21);
  writer_.report_emits(*batch_);
  add(3);
  writer_.report_emits(*batch_);
  writer_.flush();
  ASSERT_EQ(sent_[0].block->records.size(), 4u);
  EXPECT_THAT(roots(0, 0), ElementsAre(10, 11));
  EXPECT_THAT(roots(0, 1), ElementsAre(12));
  EXPECT_THAT(roots(0, 2), ElementsAre(20, 21));
  EXPECT_THAT(roots(0, 3), ElementsAre(3));
}

TEST_F(RecordWriterTest, NamesTheRowsOfDerivedSlices) {
  add(10);
  add(10);
  writer_.report_emits(*batch_);
  add(10);
  add(11);
  writer_.report_emits(*batch_);
  writer_.flush();
  const auto& records = sent_[0].block->records;
  ASSERT_EQ(records.size(), 3u);
  EXPECT_FALSE(records[0].derived);
  EXPECT_TRUE(records[1].derived);
  EXPECT_TRUE(records[2].derived);
  EXPECT_EQ(records[2].first_row, 2u);
  EXPECT_EQ(records[2].edge_of(1), batch_->runs[1].edge_of_row(3));
}

TEST_F(RecordWriterTest, SendsEmitsBeforeAcksWhateverCameFirst) {
  writer_.ack(link(7, 0xa));
  add(7);
  writer_.report_emits(*batch_);
  writer_.fail({kSpout, 8}, FailureCode::explicit_, 4, 0);
  writer_.flush();
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[0].block->records[0].kind, RecordKind::emit);
  EXPECT_EQ(sent_[1].block->records[0].kind, RecordKind::ack);
  EXPECT_EQ(sent_[1].block->records[1].kind, RecordKind::fail);
}

TEST_F(RecordWriterTest, KeepsTheTrackersApart) {
  add(10);
  add(3, kOther);
  add(11);
  writer_.report_emits(*batch_);
  writer_.reset({kOther, 3});
  writer_.reset({kSpout, 10});
  writer_.flush();
  std::map<TaskId, std::vector<RecordKind>> kinds;
  for (const Sent& sent : sent_) {
    for (const Record& record : sent.block->records) {
      EXPECT_EQ(record.spout.task, sent.to);
      kinds[sent.to].push_back(record.kind);
    }
  }
  EXPECT_THAT(kinds[1], ElementsAre(RecordKind::emit, RecordKind::emit, RecordKind::reset));
  EXPECT_THAT(kinds[2], ElementsAre(RecordKind::emit, RecordKind::reset));
}

TEST_F(RecordWriterTest, AcksRowsAsSlicesOfTheirRun) {
  for (const std::uint64_t seq : {10u, 12u, 13u, 14u, 20u}) {
    add(seq);
  }
  const worker::Run& run = batch_->runs[0];
  writer_.ack_rows(*batch_, run, 1, 4, 12);
  writer_.ack_rows(*batch_, run, 4, 5, 20);
  writer_.flush();
  EXPECT_THAT(roots(0, 0), ElementsAre(12, 13, 14));
  EXPECT_THAT(roots(0, 1), ElementsAre(20));
  EXPECT_EQ(sent_[0].block->records[0].first_row, 1u);
}

TEST_F(RecordWriterTest, MergesTheAcksOfNeighbours) {
  writer_.ack(link(10, 0xa, 0));
  writer_.ack(link(11, 0xa, 1));
  writer_.ack(link(12, 0xa, 2));
  writer_.ack(link(14, 0xa, 3));  // a gap
  writer_.ack(link(15, 0xb, 4));  // another edge
  writer_.ack(link(16, 0xb, 5, true));
  writer_.ack(link(17, 0xb, 6, true));
  EXPECT_EQ(writer_.pending(), 4u);
  writer_.flush();
  EXPECT_THAT(roots(0, 0), ElementsAre(10, 11, 12));
  EXPECT_THAT(roots(0, 1), ElementsAre(14));
  EXPECT_THAT(roots(0, 2), ElementsAre(15));
  EXPECT_THAT(roots(0, 3), ElementsAre(16, 17));
  EXPECT_EQ(sent_[0].block->records[3].edge_of(1), mix64(0xb ^ 6));
}

TEST_F(RecordWriterTest, DoesNotMergeAcrossRowsOrOtherRecords) {
  writer_.ack(link(10, 0xa, 0));
  writer_.ack(link(11, 0xa, 5));
  writer_.fail({kSpout, 9}, FailureCode::explicit_, 4, 0);
  writer_.ack(link(12, 0xa, 6));
  EXPECT_EQ(writer_.pending(), 4u);
  writer_.flush();
}

TEST_F(RecordWriterTest, ReportsAnEdgeOutsideAnyBatch) {
  writer_.emit_edge(link(10, 0xa), 3, 2);
  writer_.flush();
  const Record& record = sent_[0].block->records[0];
  EXPECT_EQ(record.kind, RecordKind::emit);
  EXPECT_EQ(record.root0, 10u);
  EXPECT_EQ(record.edge_of(0), 0xau);
  EXPECT_EQ(record.worker, 3u);
  EXPECT_EQ(record.instance, 2u);
}

TEST_F(RecordWriterTest, ParksBeforeItReleases) {
  const Token window1{.holder = kOther, .worker = 3, .instance = 2, .window = 1};
  Token window2 = window1;
  window2.window = 2;
  writer_.park(link(10, 0xa, 0), window1);
  writer_.park(link(11, 0xa, 1), window1);
  writer_.park(link(12, 0xa, 2), window2);
  writer_.release(kSpout, window1);
  writer_.flush();
  const RecordBlock& block = *sent_[0].block;
  ASSERT_EQ(block.records.size(), 4u);
  EXPECT_EQ(block.tokens[block.records[0].token], window1);
  EXPECT_EQ(block.tokens[block.records[1].token], window1);
  EXPECT_EQ(block.tokens[block.records[2].token], window2);
  EXPECT_EQ(block.records[3].kind, RecordKind::release);
  EXPECT_EQ(block.tokens[block.records[3].token], window1);
  EXPECT_EQ(block.records[3].spout, kSpout);
}

TEST_F(RecordWriterTest, CarriesTheReasonOfAFailure) {
  writer_.fail({kSpout, 9}, FailureCode::exception, 12, 34);
  writer_.dead_letter({kSpout, 10});
  writer_.flush();
  const auto& records = sent_[0].block->records;
  EXPECT_EQ(records[0].code, FailureCode::exception);
  EXPECT_EQ(records[0].worker, 12u);
  EXPECT_EQ(records[0].instance, 34u);
  EXPECT_EQ(records[1].kind, RecordKind::dead_letter);
  EXPECT_EQ(records[1].root0, 10u);
}

TEST_F(RecordWriterTest, SendsNothingWhenThereIsNothing) {
  writer_.flush();
  EXPECT_TRUE(writer_.empty());
  writer_.reset({kSpout, 1});
  EXPECT_FALSE(writer_.empty());
  writer_.flush();
  writer_.flush();
  EXPECT_TRUE(writer_.empty());
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(RecordWriterTest, ReusesBlocksThatCameBack) {
  writer_.reset({kSpout, 1});
  writer_.flush();
  RecordBlock* block = sent_[0].block;
  block->home->give_back(block);
  sent_.clear();
  writer_.reset({kSpout, 2});
  writer_.flush();
  ASSERT_EQ(sent_[0].block, block);
  EXPECT_THAT(roots(0, 0), ElementsAre(2)) << "it comes back empty";
}

}  // namespace
}  // namespace rafale::worker
