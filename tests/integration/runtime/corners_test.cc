// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Corners in which an engine of this kind hangs, loses or crashes.
#include <stdexcept>
#include <thread>

#include "tests/integration/runtime/components.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;

/// A spout made of functions.
class FunctionSpout final : public Spout {
 public:
  std::function<Next(SpoutCollector&)> next;
  std::function<void(SpoutCollector&)> on_ack = [](SpoutCollector&) {};
  std::function<void(SpoutCollector&)> on_fail = [](SpoutCollector&) {};

  void open(SpoutContext& context) override { context_ = &context; }
  Next next_tuple(SpoutCollector& out) override { return next(out); }
  void ack(MessageId) override { on_ack(context_->collector()); }
  void fail(MessageId, const FailReason&) override { on_fail(context_->collector()); }

 private:
  SpoutContext* context_ = nullptr;
};

TEST(Corners, AStopThatRunsOutOfTimeUnderBackPressureEndsCleanly) {
  for (int i = 0; i < 5; ++i) {
    std::atomic<bool> slow{true};
    std::atomic<bool> cleaned{false};
    std::atomic<bool> used_after{false};
    struct Slow final : BasicBolt {
      std::atomic<bool>&slow, &cleaned, &used_after;
      Slow(std::atomic<bool>& s, std::atomic<bool>& c, std::atomic<bool>& u)
          : slow(s), cleaned(c), used_after(u) {}
      void execute(const Tuple&, BasicCollector&) override {
        used_after = used_after || cleaned;
        if (slow) {
          std::this_thread::sleep_for(milliseconds(1));
        }
      }
      void cleanup() override { cleaned = true; }
    };
    auto ledger = std::make_shared<Ledger>(500'000);
    TopologyBuilder builder("late");
    builder.config("topology.executor.receive.buffer.batches", 2);
    builder.spout("ids", counting(ledger)).output(kId);
    builder.bolt("pass", [](const Tuple& in, BasicCollector& out) { out.emit(id_of(in)); })
        .shuffle("ids")
        .output(kId)
        .fuse(false);
    builder.bolt("slow", [&] { return std::make_unique<Slow>(slow, cleaned, used_after); })
        .shuffle("pass")
        .fuse(false);
    auto runtime = start(builder);
    while (runtime->snapshot().totals.acked == 0) {
      std::this_thread::yield();
    }
    EXPECT_FALSE(runtime->stop(milliseconds(20)));
    slow = false;
    EXPECT_TRUE(cleaned);
    runtime.reset();
    EXPECT_FALSE(used_after);
  }
}

TEST(Corners, AFailureHeardWhileTheSpoutIsIdleMakesItAskedAgain) {
  std::atomic<int> asked{0};
  TopologyBuilder builder("idle");
  builder
      .spout("once",
             [&] {
               auto spout = std::make_unique<FunctionSpout>();
               spout->next = [&](SpoutCollector& out) {
                 if (++asked > 3) {
                   return Next::done();
                 }
                 out.emit(MessageId{1}, std::int64_t{1});
                 return Next::idle_for(std::chrono::hours(1));
               };
               return spout;
             })
      .output(kId);
  builder.bolt("throws", [](const Tuple&, BasicCollector&) { throw std::runtime_error("no"); })
      .shuffle("once");
  auto runtime = start(builder);
  EXPECT_TRUE(runtime->wait_until_done(kLong));
  EXPECT_EQ(asked, 4);
  EXPECT_TRUE(runtime->stop(kLong));
}

TEST(Corners, WhatACallbackEmitsAtTheVeryEndIsDelivered) {
  std::atomic<int> delivered{0};
  TopologyBuilder builder("last");
  builder
      .spout("one",
             [&] {
               auto spout = std::make_unique<FunctionSpout>();
               spout->next = [sent = false](SpoutCollector& out) mutable {
                 if (!std::exchange(sent, true)) {
                   out.emit(MessageId{1}, std::int64_t{1});
                 }
                 return Next::done();
               };
               spout->on_ack = [](SpoutCollector& out) {
                 out.emit(StreamId{1}, kUnanchored, std::int64_t{2});
               };
               return spout;
             })
      .output(kId)
      .output("late", kId);
  builder.bolt("fused", [](const Tuple&, BasicCollector&) {}).shuffle("one");
  builder.bolt("sink", [&](const Tuple&, BasicCollector&) { ++delivered; })
      .shuffle("one", "late")
      .fuse(false);
  run(builder);
  EXPECT_EQ(delivered, 1);
}

TEST(Corners, ASpoutThatRepeatsAtOnceWhatAlwaysFailsDoesNotHoldUpItsStop) {
  TopologyBuilder builder("forever");
  builder
      .spout("stubborn",
             [&] {
               auto spout = std::make_unique<FunctionSpout>();
               const auto emit = [](SpoutCollector& out) {
                 out.emit(MessageId{1}, std::int64_t{1});
               };
               spout->next = [=, sent = false](SpoutCollector& out) mutable {
                 if (!std::exchange(sent, true)) {
                   emit(out);
                 }
                 return Next::done();
               };
               spout->on_fail = emit;
               return spout;
             })
      .output(kId);
  builder.bolt("throws", [](const Tuple&, BasicCollector&) { throw std::runtime_error("no"); })
      .shuffle("stubborn");
  auto runtime = start(builder);
  while (runtime->snapshot().totals.failed == 0) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(runtime->stop(milliseconds(100)));
}

TEST(Corners, AStuckBoltDoesNotKeepStopFromReturning) {
  auto gate = std::make_shared<std::mutex>();
  gate->lock();
  auto ledger = std::make_shared<Ledger>(1);
  auto inside = std::make_shared<std::atomic<bool>>(false);
  TopologyBuilder builder("stuck");
  builder.spout("ids", counting(ledger)).output(kId);
  builder
      .bolt("stuck",
            [gate, inside](const Tuple&, BasicCollector&) {
              *inside = true;
              const std::lock_guard lock(*gate);
            })
      .shuffle("ids")
      .fuse(false);
  auto runtime = start(builder);
  while (!*inside) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(runtime->stop(milliseconds(50)));
  runtime.reset();
  gate->unlock();
}

TEST(Corners, ALoopBesideASlowConsumerMakesProgress) {
  auto ledger = std::make_shared<Ledger>(20'000);
  TopologyBuilder builder("loop");
  builder.config("topology.executor.receive.buffer.batches", 2);
  builder.spout("ids", counting(ledger)).output(kId);
  builder
      .bolt("again",
            [](const Tuple& in, BasicCollector& out) {
              const std::int64_t left = in.source_component() == "ids" ? 10 : id_of(in);
              if (left > 0) {
                out.emit(left - 1);
              }
            })
      .shuffle("ids")
      .shuffle("again")
      .output(kId);
  builder.bolt("sink", [](const Tuple&, BasicCollector&) {}).shuffle("again").fuse(false);
  run(builder);
  ledger->expect_all_acked();
}

TEST(Corners, AnOrdinaryEmitToADirectStreamFailsItsInput) {
  auto ledger = std::make_shared<Ledger>(10);
  class Wrong final : public BasicBolt {
    void prepare(TaskContext& context) override { stream_ = context.output("chosen"); }
    void execute(const Tuple&, BasicCollector& out) override {
      out.emit_to(stream_, std::int64_t{1});
    }
    StreamId stream_;
  };
  TopologyBuilder builder("undirected");
  builder.spout("ids", counting(ledger)).output(kId);
  builder.bolt("wrong", [] { return std::make_unique<Wrong>(); })
      .shuffle("ids")
      .direct_output("chosen", kId);
  builder.bolt("sink", [](const Tuple&, BasicCollector&) {}).direct("wrong", "chosen");
  run(builder);
  ASSERT_EQ(ledger->texts.size(), 10u);
  EXPECT_THAT(ledger->texts[0], ::testing::HasSubstr("emit_direct"));
}

TEST(Corners, ASmallTupleLimitHoldsForSmallTuples) {
  for (const bool fuse : {true, false}) {
    auto ledger = std::make_shared<Ledger>(100);
    TopologyBuilder builder("limit");
    builder.config("topology.fuse", fuse);
    builder.config("topology.max.tuple.bytes", 1024);
    builder.spout("ids", counting(ledger)).output(kId);
    builder
        .bolt("grow",
              [](const Tuple& in, BasicCollector& out) {
                out.emit(std::string(static_cast<std::size_t>(id_of(in)) * 20, 'x'));
              })
        .shuffle("ids")
        .output({{"text", FieldType::string}});
    builder.bolt("sink", [](const Tuple&, BasicCollector&) {}).shuffle("grow");
    run(builder);
    for (std::size_t id = 0; id < 100; ++id) {
      EXPECT_EQ(ledger->acks[id], 16 + id * 20 <= 1024 ? 1 : 0) << id;
    }
  }
}

}  // namespace
}  // namespace rafale::worker
