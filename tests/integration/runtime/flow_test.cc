// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Back pressure, limits, groupings and large rows.
#include <set>
#include <thread>

#include "tests/integration/runtime/components.h"

namespace rafale::worker {
namespace {

TEST(Flow, ASlowBoltHoldsItsSpoutBackAndMemoryStaysBounded) {
  auto ledger = std::make_shared<Ledger>(200'000);
  std::atomic<LocalRuntime*> runtime{nullptr};
  std::atomic<std::uint64_t> most_queued{0};
  TopologyBuilder builder("slow");
  builder.config("topology.executor.receive.buffer.batches", 4);
  builder.config("topology.max.spout.pending", 1'000'000);
  builder.spout("ids", counting(ledger)).output(kId);
  builder.bolt("pass", [](const Tuple& in, BasicCollector& out) { out.emit(id_of(in)); })
      .shuffle("ids")
      .output(kId)
      .fuse(false);
  const auto look = [&] {
    for (const ComponentCounts& c : runtime.load()->snapshot().components) {
      most_queued = std::max(most_queued.load(), c.queued_batches);
    }
  };
  // Its first tuple lasts until the spout is held back: it always is, as far more batches are to
  // come than the two inboxes take.
  const auto hold_on = [&] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(50);
    while (runtime == nullptr || counts_of(runtime.load()->snapshot(), "ids").backpressured == 0) {
      if (std::chrono::steady_clock::now() > end) {
        return;
      }
      std::this_thread::yield();
    }
    look();
  };
  builder
      .bolt("slow",
            [&, n = std::uint64_t{0}](const Tuple&, BasicCollector&) mutable {
              if (n == 0) {
                hold_on();
              }
              if (++n % 1000 == 0) {
                look();
              }
            })
      .shuffle("pass")
      .blocking()
      .fuse(false);
  auto started = start(builder);
  runtime = started.get();
  ASSERT_TRUE(started->wait_until_done(std::chrono::minutes(1)));
  ASSERT_TRUE(started->stop(std::chrono::minutes(1)));
  ledger->expect_all_acked();
  EXPECT_LE(most_queued, 5u);  // the mark, and the batch that went above it
  EXPECT_GT(counts_of(started->snapshot(), "ids").backpressured, 0u);
}

TEST(Flow, ASpoutNeverHasMoreOpenThanMaxPending) {
  auto ledger = std::make_shared<Ledger>(20'000);
  TopologyBuilder builder("pending");
  builder.spout("ids", counting(ledger)).output(kId).max_pending(100);
  builder.bolt("sink", [](const Tuple&, BasicCollector&) {}).shuffle("ids").fuse(false);
  run(builder);
  ledger->expect_all_acked();
  EXPECT_LE(ledger->most_open, 100);
}

TEST(Flow, ACycleUnderTinyBuffersMakesProgress) {
  auto ledger = std::make_shared<Ledger>(20'000);
  TopologyBuilder builder("cycle");
  builder.config("topology.executor.receive.buffer.batches", 2);
  builder.spout("ids", counting(ledger)).output(kId);
  const auto countdown = [](const Tuple& in, BasicCollector& out) {
    const std::int64_t left = in.source_component() == "ids" ? 20 : id_of(in);
    if (left > 0) {
      out.emit(left - 1);
    }
  };
  builder.bolt("ping", countdown).shuffle("ids").shuffle("pong").output(kId).parallelism(2);
  builder.bolt("pong", countdown).shuffle("ping").output(kId).parallelism(2);
  run(builder);
  ledger->expect_all_acked();
}

TEST(Flow, ShuffleIsEvenAndFieldsKeepAKeyTogether) {
  auto ledger = std::make_shared<Ledger>(30'000);
  struct Shared {
    std::mutex mutex;
    std::map<TaskId, std::size_t> rows;
    std::map<std::int64_t, std::set<TaskId>> tasks_of_key;
  };
  auto shuffled = std::make_shared<Shared>();
  auto keyed = std::make_shared<Shared>();
  class Where final : public BasicBolt {
   public:
    explicit Where(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    void prepare(TaskContext& context) override { task_ = context.task(); }
    void execute(const Tuple& in, BasicCollector&) override {
      const std::lock_guard lock(shared_->mutex);
      ++shared_->rows[task_];
      shared_->tasks_of_key[id_of(in) % 100].insert(task_);
    }
    std::shared_ptr<Shared> shared_;
    TaskId task_ = 0;
  };
  TopologyBuilder builder("groupings");
  builder.spout("ids", counting(ledger)).output(kId);
  builder.bolt("mod", [](const Tuple& in, BasicCollector& out) { out.emit(id_of(in) % 100); })
      .shuffle("ids")
      .output(kId);
  builder.bolt("shuffled", [=] { return std::make_unique<Where>(shuffled); })
      .shuffle("mod")
      .parallelism(3);
  builder.bolt("keyed", [=] { return std::make_unique<Where>(keyed); })
      .fields("mod", {"id"})
      .parallelism(3)
      .tasks(6);
  run(builder);
  for (const auto& [task, rows] : shuffled->rows) {
    EXPECT_EQ(rows, 10'000u) << task;
  }
  EXPECT_EQ(keyed->rows.size(), 6u);
  for (const auto& [key, tasks] : keyed->tasks_of_key) {
    EXPECT_EQ(tasks.size(), 1u) << key;
  }
}

TEST(Flow, DirectTuplesReachTheTaskThatTheEmitterNames) {
  auto ledger = std::make_shared<Ledger>(9000);
  class Chooser final : public BasicBolt {
    void prepare(TaskContext& context) override {
      targets_ = context.tasks("sink");
      stream_ = context.output("chosen");
    }
    void execute(const Tuple& in, BasicCollector& out) override {
      const TaskId to = targets_[static_cast<std::size_t>(id_of(in)) % targets_.size()];
      out.emit_direct(to, stream_, static_cast<std::int64_t>(to));
    }
    std::vector<TaskId> targets_;
    StreamId stream_;
  };
  class Sink final : public BasicBolt {
   public:
    explicit Sink(std::atomic<int>& right) : right_(right) {}
    void prepare(TaskContext& context) override { task_ = context.task(); }
    void execute(const Tuple& in, BasicCollector&) override { right_ += id_of(in) == task_; }
    std::atomic<int>& right_;
    TaskId task_ = 0;
  };
  std::atomic<int> right{0};
  TopologyBuilder builder("direct");
  builder.spout("ids", counting(ledger)).output(kId);
  builder.bolt("choose", [] { return std::make_unique<Chooser>(); })
      .shuffle("ids")
      .direct_output("chosen", kId);
  builder.bolt("sink", [&] { return std::make_unique<Sink>(right); })
      .direct("choose", "chosen")
      .parallelism(3);
  run(builder);
  ledger->expect_all_acked();
  EXPECT_EQ(right, 9000);
}

TEST(Flow, LargeRowsTravelAndTooLargeOnesFailTheirInputByName) {
  auto ledger = std::make_shared<Ledger>(200);
  std::atomic<std::uint64_t> bytes{0};
  TopologyBuilder builder("large");
  builder.config("topology.max.tuple.bytes", 1 << 20);
  builder.spout("ids", counting(ledger)).output(kId);
  builder
      .bolt("grow",
            [](const Tuple& in, BasicCollector& out) {
              const std::int64_t id = id_of(in);
              out.emit(std::string(id == 13 ? 2u << 20 : static_cast<std::size_t>(id) * 5000, 'x'));
            })
      .shuffle("ids")
      .output({{"text", FieldType::string}});
  builder
      .bolt("measure",
            [&](const Tuple& in, BasicCollector&) { bytes += in.get<std::string_view>(0).size(); })
      .shuffle("grow")
      .parallelism(2);
  run(builder);
  EXPECT_EQ(bytes, 5000u * (199u * 200u / 2 - 13));
  ASSERT_EQ(ledger->texts.size(), 1u);
  EXPECT_THAT(ledger->texts[0], ::testing::AllOf(::testing::HasSubstr("grow"),
                                                 ::testing::HasSubstr("topology.max.tuple.bytes")));
}

TEST(Flow, AWrongTypeIsAFailureThatNamesStreamAndField) {
  auto ledger = std::make_shared<Ledger>(10);
  TopologyBuilder builder("types");
  builder.spout("ids", counting(ledger)).output(kId);
  builder.bolt("wrong", [](const Tuple&, BasicCollector& out) { out.emit("text"); })
      .shuffle("ids")
      .output(kId);
  builder.bolt("sink", [](const Tuple&, BasicCollector&) {}).shuffle("wrong");
  run(builder);
  ASSERT_EQ(ledger->texts.size(), 10u);
  EXPECT_THAT(ledger->texts[0],
              ::testing::AllOf(::testing::HasSubstr("wrong"), ::testing::HasSubstr("id"),
                               ::testing::HasSubstr("string")));
}

TEST(Flow, HeldRowsAreBoundedAndShown) {
  auto ledger = std::make_shared<Ledger>(1000);
  class Hoarder final : public Bolt {
    void execute(const Tuple& in, BoltCollector& out) override { held_.push_back(out.hold(in)); }
    void flush(BoltCollector& out) override {
      for (HeldTuple& tuple : held_) {
        out.ack(tuple);
      }
      held_.clear();
    }
    std::vector<HeldTuple> held_;
  };
  TopologyBuilder builder("held");
  builder.config("topology.max.held.bytes", 1600);  // a hundred rows of 16 bytes
  builder.spout("ids", counting(ledger)).output(kId).max_pending(1000);
  builder.bolt("hoard", [] { return std::make_unique<Hoarder>(); }).shuffle("ids").fuse(false);
  const Snapshot end = run(builder);
  EXPECT_FALSE(ledger->texts.empty());
  EXPECT_THAT(ledger->texts[0], ::testing::HasSubstr("topology.max.held.bytes"));
  EXPECT_EQ(counts_of(end, "hoard").held_bytes, 0u);
}

}  // namespace
}  // namespace rafale::worker
