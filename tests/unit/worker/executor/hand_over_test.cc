// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Work that other threads hand over to an executor keeps its order, and its place between rows.
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/executor/bench.h"
#include "worker/executor/bolt_executor.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;

/// Runs executors when it is told to, on the test's thread. submit() may come from any.
class ManualScheduler final : public Scheduler, public AlarmClock {
 public:
  void submit(Executor& executor) override {
    const std::lock_guard lock(mutex_);
    ready_.push_back(&executor);
  }
  std::int64_t now_ns() const override { return 1'000'000; }
  void notify_at(Executor&, std::int64_t) override {}
  bool run_one() {
    Executor* next = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (ready_.empty()) {
        return false;
      }
      next = ready_.front();
      ready_.pop_front();
    }
    next->run();
    return true;
  }
  std::size_t ready() {
    const std::lock_guard lock(mutex_);
    return ready_.size();
  }

 private:
  std::mutex mutex_;
  std::deque<Executor*> ready_;
};

class HandOverTest : public testing::Test {
 protected:
  BoltTask& make(FunctionBolt::Function function) {
    auto bolt = make_bolt(bench_, 3, std::move(function));
    BoltTask& task = *bolt;
    task.wired(nullptr);
    std::vector<std::unique_ptr<BoltTask>> tasks;
    tasks.push_back(std::move(bolt));
    executor_.wire(bench_.core, std::move(tasks), {});
    return task;
  }
  Batch* batch(std::vector<Root> roots) {
    Batch* made = make_batch(arrivals_, roots);
    made->to.task = 3;
    return made;
  }
  void run() {
    while (scheduler_.run_one()) {
    }
  }

  Bench bench_;
  BatchPool arrivals_;
  ManualScheduler scheduler_;
  BoltExecutor executor_{{.component = "bolt", .high_mark = 4}, scheduler_, scheduler_};
};

TEST_F(HandOverTest, RunsWorkInTheOrderInWhichItWasHandedOver) {
  make([](const Tuple&, BoltCollector&) {});
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) {
    executor_.post([&order, i] { order.push_back(i); });
  }
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(scheduler_.ready(), 1u) << "one turn for all";
  run();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_TRUE(executor_.quiet());
}

TEST_F(HandOverTest, KeepsTheOrderOfEachThread) {
  make([](const Tuple&, BoltCollector&) {});
  constexpr int kThreads = 3;
  constexpr int kEach = 500;
  std::vector<std::vector<int>> order(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        executor_.post([&order, t, i] { order[static_cast<std::size_t>(t)].push_back(i); });
      }
    });
  }
  const auto count = [&order] {
    std::size_t sum = 0;
    for (const auto& of_one : order) {
      sum += of_one.size();
    }
    return sum;
  };
  while (count() < kThreads * kEach) {
    if (!scheduler_.run_one()) {
      std::this_thread::yield();
    }
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const auto& of_one : order) {
    EXPECT_TRUE(std::ranges::is_sorted(of_one));
  }
}

TEST_F(HandOverTest, LetsWorkHandOverMore) {
  make([](const Tuple&, BoltCollector&) {});
  std::vector<int> order;
  executor_.post([&] {
    order.push_back(1);
    executor_.post([&] { order.push_back(3); });
  });
  executor_.post([&] { order.push_back(2); });
  run();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

// An emit that is handed over before the ack of what it hangs on keeps its tree open.
TEST_F(HandOverTest, TellsOfAnEmitBeforeTheAckThatWasHandedOverAfterIt) {
  Anchor kept;
  BoltTask& task = make([&](const Tuple& in, BoltCollector& out) { kept = out.detach(in); });
  subscribe(task, {{.task = 4, .worker = 1, .instance = 1}});
  task.wired(nullptr);
  executor_.push(batch({{kSpout, 7}}));
  run();
  executor_.post([&] { BoltCollector(task).emit(kept, std::int64_t{1}); });
  executor_.post([&] { BoltCollector(task).ack(kept); });
  run();
  ASSERT_EQ(bench_.out.records.size(), 2u);
  EXPECT_EQ(bench_.out.records[0].kind, RecordKind::emit);
  EXPECT_EQ(bench_.out.records[1].kind, RecordKind::ack);
  EXPECT_EQ(bench_.out.batches.size(), 1u);
  EXPECT_EQ(task.counters().misused.get(), 0u);
}

TEST_F(HandOverTest, SaysWhenItsInboxIsAboveTheMark) {
  make([](const Tuple& in, BoltCollector& out) { out.ack(in); });
  EXPECT_TRUE(executor_.push(batch({{kSpout, 1}})));
  EXPECT_TRUE(executor_.push(batch({{kSpout, 2}})));
  EXPECT_TRUE(executor_.push(batch({{kSpout, 3}})));
  EXPECT_FALSE(executor_.push(batch({{kSpout, 4}})));
  EXPECT_EQ(executor_.queued(), 4u);
  EXPECT_FALSE(executor_.quiet());
  run();
  EXPECT_EQ(executor_.queued(), 0u);
  EXPECT_TRUE(executor_.quiet());
}

}  // namespace
}  // namespace rafale::worker
