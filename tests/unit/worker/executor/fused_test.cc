// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Bolts that run inside their producer's turn: no edges, unless a tuple outlives that.
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/executor/bench.h"

namespace rafale::worker {
namespace {

class FusedTest : public testing::Test {
 protected:
  /// A bolt that passes each tuple on to a child that does `function`, and then acks.
  void make(FunctionBolt::Function function) {
    child_ = make_bolt(bench_, 4, std::move(function));
    child_->wired(nullptr);
    parent_ = make_bolt(bench_, 3, [](const Tuple& in, BoltCollector& out) {
      out.emit(in, std::int64_t{5});
      out.ack(in);
    });
    parent_->port(0).fused.push_back(child_.get());
    parent_->port(0).fused_input.push_back(0);
    parent_->wired(nullptr);
  }
  const std::vector<Record>& run(std::uint64_t root) {
    parent_->process(make_batch(arrivals_, {{kSpout, root}}));
    bench_.flush({parent_.get(), child_.get()});
    return bench_.out.records;
  }

  Bench bench_;
  BatchPool arrivals_;
  std::unique_ptr<BoltTask> child_;
  std::unique_ptr<BoltTask> parent_;
};

TEST_F(FusedTest, MakesNoEdgeForAChildThatAcks) {
  std::int64_t seen = 0;
  make([&](const Tuple& in, BoltCollector& out) {
    seen = in.get<std::int64_t>(std::size_t{0});
    EXPECT_EQ(in.source_task(), 3u);
    out.ack(in);
  });
  const auto& records = run(7);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].kind, RecordKind::ack);
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(child_->counters().executed.get(), 1u);
  EXPECT_EQ(child_->counters().acked.get(), 1u);
  EXPECT_EQ(parent_->counters().port[0].transferred.get(), 1u);
}

TEST_F(FusedTest, MakesAnEdgeForATupleThatIsKept) {
  Anchor kept;
  make([&](const Tuple& in, BoltCollector& out) { kept = out.detach(in); });
  const auto records = run(7);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].kind, RecordKind::emit);
  EXPECT_EQ(records[0].worker, 1u) << "in this worker";
  EXPECT_EQ(records[1].kind, RecordKind::ack) << "of the parent's input, after it";
  bench_.out.clear();
  BoltCollector(*child_).ack(kept);
  bench_.flush({child_.get()});
  ASSERT_EQ(bench_.out.records.size(), 1u);
  EXPECT_EQ(bench_.out.records[0].edge_of(0), records[0].edge_of(0));
}

// As it would with a batch in between: the tree fails by timeout.
TEST_F(FusedTest, LeavesTheTreeOpenIfTheChildDoesNothing) {
  make([](const Tuple&, BoltCollector&) {});
  const auto& records = run(7);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].kind, RecordKind::emit);
}

TEST_F(FusedTest, FailsTheTreeAndNotTheParentWhenTheChildThrows) {
  make([](const Tuple&, BoltCollector&) { throw std::runtime_error("child"); });
  const auto& records = run(7);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].kind, RecordKind::fail);
  EXPECT_EQ(records[0].worker, 4u) << "the child's task";
  EXPECT_EQ(records[1].kind, RecordKind::ack);
  EXPECT_EQ(parent_->counters().acked.get(), 1u);
}

TEST_F(FusedTest, CopiesTheRowOfAHeldTuple) {
  std::vector<HeldTuple> kept;
  make([&](const Tuple& in, BoltCollector& out) { kept.push_back(out.hold(in)); });
  run(7);
  run(8);
  EXPECT_EQ(kept[0].tuple().get<std::int64_t>(std::size_t{0}), 5);
  EXPECT_NE(kept[0].tuple().bytes().data(), kept[1].tuple().bytes().data());
  kept.clear();
  EXPECT_EQ(child_->counters().held_bytes.load(), 0);
}

TEST_F(FusedTest, NoticesATupleThatIsUsedAfterItsTime) {
  Tuple stale;
  make([&](const Tuple& in, BoltCollector& out) {
    stale = in;
    out.ack(in);
  });
  run(7);
  BoltCollector out(*child_);
  EXPECT_THROW(out.emit(stale, std::int64_t{1}), std::logic_error);
}

// --- below a spout: its tracker is at hand
// ------------------------------------------------------------------

class OneMessage final : public Spout {
 public:
  Next next_tuple(SpoutCollector& out) override {
    out.emit(MessageId{100}, std::int64_t{5});
    return Next::idle();
  }
  void ack(MessageId) override { ++acked; }
  void fail(MessageId, const FailReason& reason) override { failed.push_back(reason.to_string()); }
  int acked = 0;
  std::vector<std::string> failed;
};

class FusedToSpoutTest : public testing::Test {
 protected:
  void make(FunctionBolt::Function function) {
    auto spout = std::make_unique<OneMessage>();
    user_ = spout.get();
    spout_ = std::make_unique<SpoutTask>(
        bench_.core, "spout", 9, std::vector<const detail::StreamInfo*>{&number_stream()},
        std::move(spout), Tracker::Options{.self = kSpout, .own_worker = 1, .guard = 77}, 10);
    child_ = make_bolt(bench_, 4, std::move(function));
    child_->wired(&spout_->tracker());
    spout_->port(0).fused.push_back(child_.get());
    spout_->port(0).fused_input.push_back(0);
    spout_->wired(&spout_->tracker());
    spout_->next();
    spout_->run_callbacks();
  }

  Bench bench_;
  std::unique_ptr<SpoutTask> spout_;
  std::unique_ptr<BoltTask> child_;
  OneMessage* user_ = nullptr;
};

TEST_F(FusedToSpoutTest, CompletesWhenTheChildAcks) {
  make([](const Tuple& in, BoltCollector& out) { out.ack(in); });
  EXPECT_EQ(user_->acked, 1);
  EXPECT_TRUE(bench_.core.records.empty()) << "no record was needed";
}

TEST_F(FusedToSpoutTest, FailsAtOnceWhenTheChildFails) {
  make([](const Tuple& in, BoltCollector& out) { out.fail(in, "no good"); });
  EXPECT_EQ(user_->acked, 0);
  EXPECT_THAT(user_->failed, testing::ElementsAre(testing::HasSubstr("no good")));
}

TEST_F(FusedToSpoutTest, WaitsForATupleThatIsKept) {
  Anchor kept;
  make([&](const Tuple& in, BoltCollector& out) { kept = out.detach(in); });
  EXPECT_EQ(user_->acked, 0);
  EXPECT_EQ(spout_->tracker().pending(), 1u);
  BoltCollector(*child_).ack(kept);
  bench_.flush({child_.get()});
  bench_.out.tell(spout_->tracker());
  spout_->run_callbacks();
  EXPECT_EQ(user_->acked, 1);
}

TEST_F(FusedToSpoutTest, CompletesWhenWhatTheChildEmittedIsAcked) {
  make([](const Tuple& in, BoltCollector& out) {
    out.emit(in, std::int64_t{6});
    out.ack(in);
  });
  EXPECT_EQ(user_->acked, 1) << "nobody wants it";
  subscribe(*child_, {{.task = 6, .worker = 1, .instance = 1}});
  child_->wired(&spout_->tracker());
  spout_->next();
  child_->flush_batches();
  ASSERT_EQ(bench_.out.batches.size(), 1u);
  EXPECT_TRUE(bench_.core.records.empty()) << "the edge went straight into the tracker";
  EXPECT_EQ(spout_->tracker().pending(), 1u);

  const auto last = make_bolt(bench_, 6, [](const Tuple& in, BoltCollector& out) { out.ack(in); });
  last->wired(nullptr);
  last->process(std::exchange(bench_.out.batches, {}).front());
  bench_.flush({last.get()});
  bench_.out.tell(spout_->tracker());
  spout_->run_callbacks();
  EXPECT_EQ(user_->acked, 2);
}

}  // namespace
}  // namespace rafale::worker
