// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One topology in two workers: trees that cross, workers that die, counters that stay.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "common/clock.h"
#include "common/counter_file.h"
#include "tests/integration/runtime/components.h"
#include "tests/support/scratch.h"
#include "tests/unit/worker/cluster/memory_net.h"
#include "worker/cluster/cluster_codec.h"

namespace rafale::worker {
namespace {

using std::chrono::minutes;

constexpr std::int64_t kMessages = 20'000;
constexpr std::uint32_t kBase = 1024;

/// A worker process, without the process.
struct Machine {
  Machine(MemoryNet& net, const Topology& topology, const TopologyAssignment& assignment,
          std::uint32_t worker, std::uint32_t instance, std::string counter_file = "")
      : members({.worker = worker, .instance = instance, .host = "a", .supervisor = ""}),
        transport(std::make_unique<MemoryTransport>(net, worker, instance)) {
    members.adopt(assignment);
    ClusterRuntime::Options options;
    options.worker = worker;
    options.instance = instance;
    options.threads = 2;
    options.dead_letter_dir = ::testing::TempDir() + "rafale_dead_letters";
    options.counter_file = std::move(counter_file);
    runtime = std::make_unique<ClusterRuntime>(topology, options, members, *transport);
    transport->runtime = runtime.get();
    EXPECT_TRUE(runtime->tasks().prepare().ok());
    transport->set_peers(assignment.epoch, members.peers());
    transport->ready();
  }
  ~Machine() {
    transport->stop();
    runtime.reset();
  }
  void run() {
    EXPECT_TRUE(runtime->tasks().open().ok());
    runtime->tasks().set_active(true);
  }
  void learn(const Instances& current) {
    const Instances lost = members.learn(current);
    transport->set_peers(members.assignment().epoch, members.peers());
    runtime->follow(members, lost);
  }
  const TaskCounters& counters(TaskId task) const {
    return runtime->tasks().assembly().tasks()[task].output->counters();
  }

  Membership members;
  std::unique_ptr<MemoryTransport> transport;
  std::unique_ptr<ClusterRuntime> runtime;
};

template <class Condition>
bool wait_until(Condition condition) {
  const common::SystemClock clock;
  const auto end = clock.now() + minutes(1);
  while (!condition()) {
    if (clock.now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Places executors, as (component, first task, last task), into workers 0 and 1.
TopologyAssignment assign(std::vector<AssignedExecutor> here, std::vector<AssignedExecutor> there) {
  TopologyAssignment assignment{.topology = "t-1", .epoch = 1, .workers = {}};
  assignment.workers.push_back({.number = 0,
                                .instance_base = kBase,
                                .supervisor = "",
                                .host = "a",
                                .port = 6700,
                                .executors = here});
  assignment.workers.push_back({.number = 1,
                                .instance_base = kBase,
                                .supervisor = "",
                                .host = "a",
                                .port = 6701,
                                .executors = there});
  return assignment;
}

TEST(TwoWorkers, TreesThatCrossBothWaysAreAckedOnce) {
  auto ledger = std::make_shared<Ledger>(kMessages);
  std::atomic<std::int64_t> sum{0};
  TopologyBuilder builder("cross");
  // In name order: by_key has tasks 1 and 2, ids 3 and 4, pass 5 and 6.
  builder.bolt("by_key", [&](const Tuple& in, BasicCollector&) { sum += in.get<std::int64_t>(0); })
      .fields("pass", {"id"})
      .parallelism(2);
  builder.spout("ids", counting(ledger)).output(kId).parallelism(2);
  builder
      .bolt("pass", [](const Tuple& in, BasicCollector& out) { out.emit(in.get<std::int64_t>(0)); })
      .shuffle("ids")
      .output(kId)
      .parallelism(2);
  const Topology topology = builder.build();
  const TopologyAssignment assignment = assign({{"by_key", 1, 1}, {"ids", 3, 3}, {"pass", 5, 5}},
                                               {{"by_key", 2, 2}, {"ids", 4, 4}, {"pass", 6, 6}});
  MemoryNet net;
  Machine here(net, topology, assignment, 0, kBase);
  Machine there(net, topology, assignment, 1, kBase);
  here.run();
  there.run();
  EXPECT_TRUE(wait_until([&] { return here.runtime->done() && there.runtime->done(); }));
  ledger->expect_all_acked();
  EXPECT_EQ(sum, kMessages * (kMessages - 1) / 2);
  EXPECT_GT(net.batches, 0u);
  EXPECT_EQ(here.counters(5).executed.get() + there.counters(6).executed.get(),
            static_cast<std::uint64_t>(kMessages));
  EXPECT_GT(here.counters(3).busy_ns.get(), 0u);
}

TEST(TwoWorkers, FusedBoltsGoWhereTheirProducerGoes) {
  auto ledger = std::make_shared<Ledger>(kMessages);
  std::atomic<std::int64_t> seen{0};
  TopologyBuilder builder("fused");
  builder
      .bolt("beside",
            [](const Tuple& in, BasicCollector& out) { out.emit(in.get<std::int64_t>(0)); })
      .local_or_shuffle("ids")
      .output(kId)
      .parallelism(2);
  builder.spout("ids", counting(ledger)).output(kId).parallelism(2);
  builder.bolt("sink", [&](const Tuple&, BasicCollector&) { ++seen; }).global("beside");
  const Topology topology = builder.build();
  const TopologyAssignment assignment = assign({{"ids", 3, 3}}, {{"ids", 4, 4}, {"sink", 5, 5}});
  MemoryNet net;
  Machine here(net, topology, assignment, 0, kBase);
  Machine there(net, topology, assignment, 1, kBase);
  EXPECT_EQ(here.runtime->tasks().assembly().tasks()[2].output, nullptr);
  here.run();
  there.run();
  EXPECT_TRUE(wait_until([&] { return here.runtime->done() && there.runtime->done(); }));
  ledger->expect_all_acked();
  EXPECT_EQ(seen, kMessages);
  EXPECT_EQ(here.counters(1).executed.get(), here.counters(3).messages.get());
}

TEST(TwoWorkers, AFullReceiverElsewhereHoldsTheSpoutUpAndNothingIsLost) {
  auto ledger = std::make_shared<Ledger>(kMessages);
  std::atomic<bool> gate{false};
  TopologyBuilder builder("full");
  builder.config("topology.fuse", false);
  builder.spout("ids", counting(ledger)).output(kId);
  builder
      .bolt("slow",
            [&](const Tuple&, BasicCollector&) {
              while (!gate) std::this_thread::yield();
            })
      .shuffle("ids");
  const Topology topology = builder.build();
  const TopologyAssignment assignment = assign({{"ids", 1, 1}}, {{"slow", 2, 2}});
  MemoryNet net;
  Machine here(net, topology, assignment, 0, kBase);
  Machine there(net, topology, assignment, 1, kBase);
  here.run();
  there.run();
  ASSERT_TRUE(wait_until([&] {
    return here.counters(1).state.get() == static_cast<std::uint64_t>(SpoutState::backpressured);
  }));
  EXPECT_LT(here.counters(1).messages.get(), static_cast<std::uint64_t>(kMessages));
  gate = true;
  EXPECT_TRUE(wait_until([&] { return here.runtime->done() && there.runtime->done(); }));
  ledger->expect_all_acked();
  EXPECT_GT(here.counters(1).backpressured.get(), 0u);
}

/// Spouts in worker 0, a bolt in worker 1 that keeps its tuples until it is let go.
class Lost : public testing::Test {
 protected:
  Lost() {
    TopologyBuilder builder("lost");
    builder.config("topology.fuse", false);
    builder.config("topology.max.attempts", 1);  // a failure that counts goes to the dead letters
    builder.config("topology.max.spout.pending", 500);
    builder
        .bolt("keep", bolt_of([this](const Tuple& in, BoltCollector& out) {
                ++executed_;
                if (keeping_) {
                  kept_.push_back(out.detach(in));
                } else {
                  out.ack(in);
                }
              }))
        .shuffle("ids");
    builder.spout("ids", [] { return std::make_unique<RepeatingSpout>(kMessages); }).output(kId);
    topology_ = builder.build();
    here_ = std::make_unique<Machine>(net_, topology_, assignment_, 0, kBase);
    there_ = std::make_unique<Machine>(net_, topology_, assignment_, 1, kBase);
    here_->run();
    there_->run();
  }
  void kill_the_other() {
    there_.reset();
    kept_.clear();
    keeping_ = false;
  }
  std::uint64_t failed(FailureCode code) const {
    return here_->counters(1).failed[static_cast<std::size_t>(code)].get();
  }
  void expect_all_done_without_an_attempt_counted() {
    EXPECT_TRUE(wait_until([&] { return here_->runtime->done(); }));
    const TaskCounters& spout = here_->counters(1);
    EXPECT_EQ(spout.acked.get(), static_cast<std::uint64_t>(kMessages));
    EXPECT_EQ(spout.dead_lettered.get(), 0u);
    EXPECT_EQ(failed(FailureCode::timeout), 0u);
    EXPECT_GT(failed(FailureCode::peer_lost), 0u);
    EXPECT_EQ(spout.replayed.get(), failed(FailureCode::peer_lost));
  }

  std::atomic<bool> keeping_{true};
  std::atomic<std::int64_t> executed_{0};
  std::vector<Anchor> kept_;  // of the one task
  Topology topology_;
  TopologyAssignment assignment_ = assign({{"ids", 1, 1}}, {{"keep", 2, 2}});
  MemoryNet net_;
  std::unique_ptr<Machine> here_, there_;
};

TEST_F(Lost, WhatADeadWorkerHadIsRepeatedToItsSuccessorAtOnce) {
  ASSERT_TRUE(wait_until([&] { return executed_ >= 500; }));
  kill_the_other();
  EXPECT_EQ(failed(FailureCode::peer_lost), 0u) << "nobody said yet that it is dead";
  Machine heir(net_, topology_, assignment_, 1, kBase + 1);
  heir.run();
  here_->learn({{1, kBase + 1}});
  expect_all_done_without_an_attempt_counted();
}

TEST_F(Lost, RowsForASuccessorThatIsNotUpWaitForIt) {
  ASSERT_TRUE(wait_until([&] { return executed_ >= 500; }));
  kill_the_other();
  here_->learn({{1, kBase + 3}});
  ASSERT_TRUE(wait_until([&] { return here_->counters(1).replayed.get() > 0; }));
  Machine heir(net_, topology_, assignment_, 1, kBase + 3);
  heir.run();
  expect_all_done_without_an_attempt_counted();
}

TEST_F(Lost, AnAssignmentThatMovesTheTasksIsALossToo) {
  ASSERT_TRUE(wait_until([&] { return executed_ >= 500; }));
  kill_the_other();
  TopologyAssignment next = assignment_;
  next.epoch = 2;
  next.workers[1].number = 2;
  next.workers[1].instance_base = 2 * kBase;
  Machine elsewhere(net_, topology_, next, 2, 2 * kBase);
  elsewhere.run();
  ASSERT_EQ(here_->members.fit(next), Membership::Fit::ours);
  const Instances lost = here_->members.adopt(next);
  EXPECT_EQ(lost, (Instances{{1, kBase}}));
  here_->transport->set_peers(next.epoch, here_->members.peers());
  here_->runtime->follow(here_->members, lost);
  expect_all_done_without_an_attempt_counted();
}

TEST(ClusterCounters, LieInAFileThatSaysTheSameAsTheHeartbeat) {
  const support::Scratch dir;
  auto ledger = std::make_shared<Ledger>(kMessages);
  TopologyBuilder builder("counted");
  builder.config("topology.fuse", false);
  builder.spout("ids", counting(ledger)).output(kId);
  builder
      .bolt("sink",
            [](const Tuple& in, BasicCollector&) {
              if (in.get<std::int64_t>(0) % 2 == 1) throw std::runtime_error("odd");
            })
      .shuffle("ids");
  const Topology topology = builder.build();
  const TopologyAssignment assignment = assign({{"ids", 1, 1}}, {{"sink", 2, 2}});
  MemoryNet net;
  Machine here(net, topology, assignment, 0, kBase, dir / "here");
  Machine there(net, topology, assignment, 1, kBase, dir / "there");
  here.run();
  there.run();
  ASSERT_TRUE(wait_until([&] { return here.runtime->done() && there.runtime->done(); }));

  std::map<std::string, std::uint64_t> values;  // by name; of a histogram the sum
  for (const char* name : {"here", "there"}) {
    const auto file = common::read_counter_file(dir / name);
    ASSERT_TRUE(file.ok()) << file.status();
    for (const common::CounterValues& block : *file) {
      for (const std::uint64_t value : block.values) values[block.block.name] += value;
    }
  }
  EXPECT_EQ(values.at("ids|acked||1"), static_cast<std::uint64_t>(kMessages / 2));
  EXPECT_EQ(values.at("ids|failed.exception||1"), static_cast<std::uint64_t>(kMessages / 2));
  EXPECT_EQ(values.at("ids|emitted|default|1"), static_cast<std::uint64_t>(kMessages));
  EXPECT_EQ(values.at("ids|transferred|default|1"), static_cast<std::uint64_t>(kMessages));
  EXPECT_EQ(values.at("sink|executed||2"), static_cast<std::uint64_t>(kMessages));
  EXPECT_EQ(values.at("sink|acked||2"), static_cast<std::uint64_t>(kMessages / 2));
  EXPECT_GT(values.at("sink|execute_ns||2"), 0u);
  EXPECT_GT(values.at("ids|complete_ns||1"), 0u);
  EXPECT_FALSE(values.contains("ids|acked||2"));

  Launch launch;
  launch.topology = "t-1";
  launch.instance = kBase;
  const v1::WorkerStats stats = stats_of(here.runtime->tasks(), launch);
  ASSERT_EQ(stats.components_size(), 1);
  const v1::ComponentStats& ids = stats.components(0);
  EXPECT_EQ(ids.component(), "ids");
  EXPECT_EQ(ids.acked(), values.at("ids|acked||1"));
  EXPECT_EQ(ids.failed().exception(), values.at("ids|failed.exception||1"));
  EXPECT_EQ(ids.streams(0).emitted(), values.at("ids|emitted|default|1"));
  // The executor turns on between the two looks: its time alone may have grown.
  EXPECT_GT(values.at("ids|busy_ns||1"), 0u);
  EXPECT_GE(ids.busy_ns(), values.at("ids|busy_ns||1"));
  ASSERT_EQ(ids.spouts_size(), 1);
  EXPECT_EQ(ids.spouts(0).state(), "idle");
  EXPECT_EQ(ids.spouts(0).pending(), 0u);
  EXPECT_EQ(ids.spouts(0).lag(), kMessages);
}

}  // namespace
}  // namespace rafale::worker
