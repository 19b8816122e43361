// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Start, ticks, wake-ups, blocking components and the graceful stop.
#include <condition_variable>
#include <stdexcept>
#include <thread>

#include "tests/integration/runtime/components.h"

namespace rafale::worker {
namespace {

/// Counts calls of one kind and lets a test wait for them.
class Signal {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLong, [&] { return count_ >= count; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

/// Emits for ever.
class EndlessSpout final : public Spout {
 public:
  explicit EndlessSpout(Signal* closed = nullptr) : closed_(closed) {}
  Next next_tuple(SpoutCollector& out) override {
    out.emit(MessageId{static_cast<std::uint64_t>(next_)}, next_);
    ++next_;
    return Next::emitted();
  }
  void close() override {
    if (closed_ != nullptr) {
      closed_->raise();
    }
  }

 private:
  Signal* closed_;
  std::int64_t next_ = 0;
};

TEST(Lifecycle, AnEndlessTopologyStopsDrainedAndCleansUp) {
  Signal closed;
  Signal executed;
  struct Sink final : BasicBolt {
    Signal& executed;
    Signal& cleaned;
    Sink(Signal& e, Signal& c) : executed(e), cleaned(c) {}
    void execute(const Tuple&, BasicCollector&) override { executed.raise(); }
    void cleanup() override { cleaned.raise(); }
  };
  Signal cleaned;
  TopologyBuilder builder("endless");
  builder.spout("ids", [&] { return std::make_unique<EndlessSpout>(&closed); })
      .output(kId)
      .parallelism(2);
  builder.bolt("sink", [&] { return std::make_unique<Sink>(executed, cleaned); })
      .shuffle("ids")
      .parallelism(3);
  auto runtime = start(builder);
  EXPECT_TRUE(executed.wait_for(1000));
  EXPECT_FALSE(runtime->wait_until_done(std::chrono::milliseconds(1)));
  EXPECT_TRUE(runtime->stop(kLong));
  const TopologyStats stats = runtime->snapshot().totals;
  EXPECT_EQ(stats.pending, 0u);
  EXPECT_EQ(stats.emitted, stats.acked);
  EXPECT_EQ(closed.count(), 2);
  EXPECT_EQ(cleaned.count(), 3);
}

TEST(Lifecycle, ADeactivatedSpoutIsNotAskedUntilItIsActivated) {
  Signal executed;
  TopologyBuilder builder("pause");
  builder.spout("ids", [] { return std::make_unique<EndlessSpout>(); }).output(kId);
  builder.bolt("sink", [&](const Tuple&, BasicCollector&) { executed.raise(); }).shuffle("ids");
  auto runtime = start(builder);
  EXPECT_TRUE(executed.wait_for(100));
  runtime->deactivate();
  std::uint64_t before = 0;  // until the emitting slice has ended
  while (before != runtime->snapshot().totals.acked || before == 0) {
    before = runtime->snapshot().totals.acked;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(runtime->snapshot().totals.acked, before);
  const int seen = executed.count();
  runtime->activate();
  EXPECT_TRUE(executed.wait_for(seen + 100));
  EXPECT_TRUE(runtime->stop(kLong));
}

TEST(Lifecycle, AThrowingPrepareStopsTheStartAndNamesTheComponent) {
  struct Bad final : BasicBolt {
    void prepare(TaskContext&) override { throw std::runtime_error("no such table"); }
    void execute(const Tuple&, BasicCollector&) override {}
  };
  TopologyBuilder builder("bad");
  builder.spout("ids", [] { return std::make_unique<EndlessSpout>(); }).output(kId);
  builder.bolt("lookup", [] { return std::make_unique<Bad>(); }).shuffle("ids");
  const auto runtime = LocalRuntime::start(builder.build(), {});
  ASSERT_FALSE(runtime.ok());
  EXPECT_THAT(runtime.status().message(), ::testing::AllOf(::testing::HasSubstr("lookup"),
                                                           ::testing::HasSubstr("no such table")));
}

TEST(Lifecycle, TickTuplesReachEveryTaskAndAreNoPartOfAnyTree) {
  Signal ticks;
  TopologyBuilder builder("ticks");
  builder.spout("ids", [] { return std::make_unique<EndlessSpout>(); }).output(kId);
  builder
      .bolt("clock", bolt_of([&](const Tuple& in, BoltCollector& out) {
              if (in.is_tick()) {
                EXPECT_EQ(in.source_component(), "__system");
                EXPECT_EQ(in.get<std::int64_t>(0), 5);
                ticks.raise();
              }
              out.ack(in);
              out.ack(in);
            }))
      .shuffle("ids")
      .parallelism(2)
      .tick(std::chrono::milliseconds(5));
  auto runtime = start(builder);
  EXPECT_TRUE(ticks.wait_for(20));
  EXPECT_TRUE(runtime->stop(kLong));
  const TopologyStats stats = runtime->snapshot().totals;
  EXPECT_EQ(stats.emitted, stats.acked);
}

TEST(Lifecycle, AnotherThreadWakesASpoutThatSaidDone) {
  struct Sleeper final : Spout {
    Signal& asked;
    std::atomic<SpoutContext*>& out;
    Sleeper(Signal& a, std::atomic<SpoutContext*>& o) : asked(a), out(o) {}
    void open(SpoutContext& context) override { out = &context; }
    Next next_tuple(SpoutCollector&) override {
      asked.raise();
      return Next::done();
    }
  };
  Signal asked;
  std::atomic<SpoutContext*> context{nullptr};
  TopologyBuilder builder("wake");
  builder.spout("sleeper", [&] { return std::make_unique<Sleeper>(asked, context); }).output(kId);
  builder.bolt("sink", [](const Tuple&, BasicCollector&) {}).shuffle("sleeper");
  auto runtime = start(builder);
  EXPECT_TRUE(runtime->wait_until_done(kLong));
  EXPECT_EQ(asked.count(), 1);
  context.load()->wake();
  EXPECT_TRUE(asked.wait_for(2));
  EXPECT_TRUE(runtime->stop(kLong));
}

TEST(Lifecycle, ABlockedBoltHoldsUpNoOtherWhetherItDeclaredItselfOrNot) {
  for (const bool declared : {true, false}) {
    std::mutex gate;
    gate.lock();  // the blocked bolts wait here
    Signal other;
    Signal warned;
    auto ledger = std::make_shared<Ledger>(4);
    TopologyBuilder builder("blocks");
    builder.spout("few", counting(ledger)).output(kId);
    builder.spout("ids", [] { return std::make_unique<EndlessSpout>(); }).output(kId);
    builder
        .bolt("blocked", [&](const Tuple&, BasicCollector&) { const std::lock_guard lock(gate); })
        .shuffle("few")
        .parallelism(4)
        .blocking(declared);
    builder.bolt("other", [&](const Tuple&, BasicCollector&) { other.raise(); })
        .shuffle("ids")
        .fuse(false);
    LocalOptions options{.threads = 2};
    options.on_error = [&](const std::string& component, const std::string& text) {
      if (component == "blocked" && text.find("blocking()") != std::string::npos) {
        warned.raise();
      }
    };
    auto runtime = start(builder, options);
    if (!declared) {
      EXPECT_TRUE(warned.wait_for(1));
    }
    EXPECT_TRUE(other.wait_for(other.count() + 100'000));
    gate.unlock();
    EXPECT_TRUE(runtime->stop(kLong));
    ledger->expect_all_acked();
    EXPECT_EQ(warned.count(), declared ? 0 : 1);
  }
}

TEST(Lifecycle, ARuntimeThatIsDroppedWithoutStopEndsAtOnce) {
  for (int i = 0; i < 20; ++i) {
    TopologyBuilder builder("dropped");
    builder.spout("ids", [] { return std::make_unique<EndlessSpout>(); })
        .output(kId)
        .parallelism(2);
    builder
        .bolt("pass",
              [](const Tuple& in, BasicCollector& out) { out.emit(in.get<std::int64_t>(0)); })
        .shuffle("ids")
        .output(kId)
        .parallelism(3);
    builder.bolt("sink", [](const Tuple&, BasicCollector&) {})
        .fields("pass", {"id"})
        .parallelism(2);
    auto runtime = start(builder);
    while (runtime->snapshot().totals.acked < 1000) {
      std::this_thread::yield();
    }
    runtime.reset();
  }
}

TEST(Lifecycle, UserCountersAndStatsAreSeenFromOutside) {
  struct Counts final : BasicBolt {
    Counter* even = nullptr;
    void prepare(TaskContext& context) override { even = &context.counter("even"); }
    void execute(const Tuple& in, BasicCollector&) override {
      if (in.get<std::int64_t>(0) % 2 == 0) {
        even->add();
      }
    }
  };
  auto ledger = std::make_shared<Ledger>(1000);
  TopologyBuilder builder("counters");
  builder.spout("ids", counting(ledger)).output(kId);
  builder.bolt("sink", [] { return std::make_unique<Counts>(); }).shuffle("ids").parallelism(3);
  const Snapshot end = run(builder);
  EXPECT_EQ(counts_of(end, "sink").user.at("even"), 500);
}

}  // namespace
}  // namespace rafale::worker
