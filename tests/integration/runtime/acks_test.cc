// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Each message is acked or failed exactly once, whatever becomes of its tuples.
#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "tests/integration/runtime/components.h"

namespace rafale::worker {
namespace {

constexpr std::size_t kMessages = 50'000;

TEST(Acks, EveryMessageOfAChainIsAckedOnceFusedOrNot) {
  for (const bool fuse : {true, false}) {
    auto ledger = std::make_shared<Ledger>(kMessages);
    std::atomic<std::int64_t> sum{0};
    TopologyBuilder builder("chain");
    builder.config("topology.fuse", fuse);
    builder.spout("ids", counting(ledger)).output(kId);
    builder.bolt("pass", [](const Tuple& in, BasicCollector& out) { out.emit(id_of(in)); })
        .shuffle("ids")
        .output(kId);
    builder.bolt("sum", [&](const Tuple& in, BasicCollector&) { sum += id_of(in); })
        .shuffle("pass");
    const Snapshot end = run(builder);
    ledger->expect_all_acked();
    EXPECT_EQ(sum, kMessages * (kMessages - 1) / 2);
    EXPECT_EQ(end.totals.emitted, kMessages);
    EXPECT_EQ(end.totals.acked, kMessages);
    EXPECT_EQ(counts_of(end, "sum").executed, kMessages);
    EXPECT_EQ(counts_of(end, "sum").fused, fuse);
  }
}

TEST(Acks, FanOutOverManyTasksAndGroupingsEndsEveryTreeOnce) {
  auto ledger = std::make_shared<Ledger>(kMessages);
  std::atomic<std::uint64_t> seen{0};
  TopologyBuilder builder("fan");
  builder.spout("ids", counting(ledger)).output(kId).parallelism(2);
  builder
      .bolt("fan",
            [](const Tuple& in, BasicCollector& out) {
              for (std::int64_t i = 0; i < id_of(in) % 4; ++i) {
                out.emit(id_of(in) + i);
              }
            })
      .shuffle("ids")
      .output(kId)
      .parallelism(3);
  const auto sink = [&](const Tuple&, BasicCollector&) { ++seen; };
  builder.bolt("by_key", sink).fields("fan", {"id"}).parallelism(4);
  builder.bolt("everyone", sink).all("fan").parallelism(3);
  builder.bolt("one", sink).global("fan").parallelism(2);
  const Snapshot end = run(builder);
  ledger->expect_all_acked();
  const std::uint64_t rows = kMessages / 4 * (0 + 1 + 2 + 3);
  EXPECT_EQ(seen, rows * (1 + 3 + 1));
  EXPECT_EQ(counts_of(end, "fan").streams[0].emitted, rows);
  EXPECT_EQ(counts_of(end, "fan").streams[0].transferred, rows * 5);
  EXPECT_EQ(end.totals.pending, 0u);
}

TEST(Acks, AJoinedTupleHoldsAllTheTreesThatItHangsOn) {
  auto ledger = std::make_shared<Ledger>(kMessages);
  TopologyBuilder builder("join");
  builder.spout("ids", counting(ledger)).output(kId).parallelism(2);
  class Pairs final : public Bolt {
    void execute(const Tuple& in, BoltCollector& out) override {
      held_.push_back(out.hold(in));
      if (held_.size() == 5) {
        std::int64_t sum = 0;
        std::vector<AnchorRef> anchors;
        for (const HeldTuple& tuple : held_) {
          sum += tuple->get<std::int64_t>(0);
          anchors.emplace_back(tuple);
        }
        out.emit(kDefaultStream, anchors, sum);
        for (HeldTuple& tuple : held_) {
          out.ack(tuple);
        }
        held_.clear();
      }
    }
    std::vector<HeldTuple> held_;
  };
  std::atomic<std::int64_t> total{0};
  builder.bolt("join", [] { return std::make_unique<Pairs>(); }).global("ids").output(kId);
  builder.bolt("sink", [&](const Tuple& in, BasicCollector&) { total += id_of(in); })
      .shuffle("join")
      .parallelism(2);
  run(builder);
  ledger->expect_all_acked();
  EXPECT_EQ(total, kMessages * (kMessages - 1) / 2);
}

TEST(Acks, AnExceptionFailsItsTupleWithTheTextAndTheBoltGoesOn) {
  for (const bool fuse : {true, false}) {
    auto ledger = std::make_shared<Ledger>(1000);
    TopologyBuilder builder("throws");
    builder.config("topology.fuse", fuse);
    builder.spout("ids", counting(ledger)).output(kId);
    builder
        .bolt("picky",
              [](const Tuple& in, BasicCollector& out) {
                out.emit(id_of(in));
                if (id_of(in) % 10 == 0) {
                  throw std::runtime_error("no tens");
                }
              })
        .shuffle("ids")
        .output(kId);
    builder.bolt("sink", [](const Tuple&, BasicCollector&) {}).shuffle("picky");
    const Snapshot end = run(builder);
    for (std::size_t i = 0; i < 1000; ++i) {
      EXPECT_EQ(ledger->acks[i], i % 10 == 0 ? 0 : 1) << i;
      EXPECT_EQ(ledger->fails[i], i % 10 == 0 ? 1 : 0) << i;
    }
    EXPECT_THAT(ledger->texts[0], ::testing::HasSubstr("exception in picky (task 2): no tens"));
    const auto exception = static_cast<std::size_t>(FailureCode::exception);
    EXPECT_EQ(counts_of(end, "picky").failed[exception], 100u);
    EXPECT_EQ(counts_of(end, "ids").failed[exception], 100u);
    EXPECT_EQ(counts_of(end, "picky").last_error, "no tens");
  }
}

TEST(Acks, AFailedMessageIsRepeatedUntilItPassesAndThenGivenUp) {
  TopologyBuilder builder("replay");
  builder.config("topology.replay.backoff.ms", 1);
  builder.spout("ids", [] { return std::make_unique<RepeatingSpout>(1000); }).output(kId);
  std::vector<int> tries(1000);
  builder
      .bolt("flaky", bolt_of([&](const Tuple& in, BoltCollector& out) {
              const auto id = static_cast<std::size_t>(id_of(in));
              if (++tries[id] < 3 || id == 7) {
                out.fail(in, "not yet");
              } else {
                out.ack(in);
              }
            }))
      .shuffle("ids");
  const Snapshot end = run(builder);
  EXPECT_EQ(tries[0], 3);
  EXPECT_EQ(tries[7], 5);  // topology.max.attempts
  EXPECT_EQ(end.totals.emitted, 1000u);
  EXPECT_EQ(end.totals.acked, 999u);
  EXPECT_EQ(end.totals.dead_lettered, 1u);
  EXPECT_EQ(end.totals.replayed, 999u * 2 + 4);
}

TEST(Acks, ADeadLetterFromABoltCountsItsMessageAsDeadLettered) {
  for (const bool fuse : {true, false}) {
    auto ledger = std::make_shared<Ledger>(100);
    TopologyBuilder builder("dead");
    builder.config("topology.fuse", fuse);
    builder.spout("ids", counting(ledger)).output(kId);
    builder
        .bolt("judge",
              [](const Tuple& in, BasicCollector& out) {
                if (id_of(in) % 4 == 0) {
                  out.dead_letter({.record = "r", .reason = "a multiple of four"});
                }
              })
        .shuffle("ids");
    const Snapshot end = run(builder);
    ledger->expect_all_acked();
    EXPECT_EQ(end.totals.acked, 75u);
    EXPECT_EQ(end.totals.dead_lettered, 25u);
  }
}

TEST(Acks, ATupleThatNobodyAcksTimesOut) {
  for (const bool fuse : {true, false}) {
    auto ledger = std::make_shared<Ledger>(100);
    TopologyBuilder builder("forgets");
    builder.config("topology.fuse", fuse);
    builder.config("topology.message.timeout.secs", 0.2);
    builder.spout("ids", counting(ledger)).output(kId);
    builder
        .bolt("forgets", bolt_of([](const Tuple& in, BoltCollector& out) {
                if (id_of(in) % 2 == 0) {
                  out.ack(in);
                }
              }))
        .shuffle("ids");
    run(builder);
    EXPECT_EQ(std::ranges::count(ledger->acks, 1), 50);
    EXPECT_EQ(std::ranges::count(ledger->fails, 1), 50);
    EXPECT_EQ(std::ranges::count(ledger->codes, FailureCode::timeout), 50);
  }
}

TEST(Acks, MisuseIsCountedAndChangesNothing) {
  auto ledger = std::make_shared<Ledger>(100);
  TopologyBuilder builder("misuse");
  builder.spout("ids", counting(ledger)).output(kId);
  builder
      .bolt("sloppy", bolt_of([](const Tuple& in, BoltCollector& out) {
              out.ack(in);
              out.ack(in);
              out.fail(in);
              out.emit(in, id_of(in));
            }))
      .shuffle("ids")
      .output(kId);
  builder.bolt("sink", bolt_of([](const Tuple&, BoltCollector&) {})).shuffle("sloppy");
  const Snapshot end = run(builder);
  ledger->expect_all_acked();
  EXPECT_EQ(counts_of(end, "sloppy").misused, 300u);
  EXPECT_EQ(counts_of(end, "sink").executed, 100u);
}

TEST(Acks, WorkPostedByAnotherThreadAcksInItsOrder) {
  auto ledger = std::make_shared<Ledger>(5000);
  class Async final : public Bolt {
   public:
    ~Async() override { join(); }
    void prepare(TaskContext& context, BoltCollector& out) override {
      context_ = &context;
      out_ = &out;
      thread_ = std::thread([this] { loop(); });
    }
    void execute(const Tuple& in, BoltCollector& out) override {
      auto held = std::make_shared<HeldTuple>(out.hold(in));
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(held));
    }
    void cleanup() override { join(); }

   private:
    void loop() {
      while (!stop_) {
        std::vector<std::shared_ptr<HeldTuple>> batch;
        {
          const std::lock_guard lock(mutex_);
          batch.swap(waiting_);
        }
        for (auto& held : batch) {
          context_->post([this, held] {
            out_->emit(*held, (*held)->get<std::int64_t>(0));
            out_->ack(*held);
          });
        }
        std::this_thread::yield();
      }
    }
    void join() {
      stop_ = true;
      if (thread_.joinable()) {
        thread_.join();
      }
    }
    TaskContext* context_ = nullptr;
    BoltCollector* out_ = nullptr;
    std::mutex mutex_;
    std::vector<std::shared_ptr<HeldTuple>> waiting_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
  };
  TopologyBuilder builder("async");
  std::vector<std::int64_t> order;
  builder.spout("ids", counting(ledger)).output(kId);
  builder.bolt("async", [] { return std::make_unique<Async>(); }).shuffle("ids").output(kId);
  builder.bolt("sink", [&](const Tuple& in, BasicCollector&) { order.push_back(id_of(in)); })
      .global("async");
  run(builder);
  ledger->expect_all_acked();
  EXPECT_EQ(order.size(), 5000u);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(Acks, WithoutAckersEveryMessageIsAckedAtOnce) {
  auto ledger = std::make_shared<Ledger>(kMessages);
  std::atomic<std::uint64_t> seen{0};
  TopologyBuilder builder("unacked");
  builder.config("topology.acker.executors", 0);
  builder.spout("ids", counting(ledger)).output(kId);
  builder.bolt("sink", [&](const Tuple&, BasicCollector&) { ++seen; })
      .shuffle("ids")
      .parallelism(2);
  run(builder);
  ledger->expect_all_acked();
  EXPECT_EQ(seen, kMessages);
}

}  // namespace
}  // namespace rafale::worker
