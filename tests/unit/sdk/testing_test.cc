// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The harness stands in for the runtime around one bolt.
#include "rafale/testing.h"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/topology_builder.h"

namespace rafale {
namespace {

using rafale::testing::Harness;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A Bolt whose execute() and flush() are functions of the test.
class AnyBolt : public Bolt {
 public:
  std::function<void(const Tuple&, BoltCollector&)> on_execute;
  std::function<void(BoltCollector&)> on_flush = [](BoltCollector&) {};
  void execute(const Tuple& in, BoltCollector& out) override { on_execute(in, out); }
  void flush(BoltCollector& out) override { on_flush(out); }
};

class HarnessTest : public ::testing::Test {
 protected:
  void execute(std::string_view line = "two words") { harness.execute(bolt, "lines", line); }

  Harness harness{{{"default", {{"word", FieldType::string}}, false}},
                  {{"lines", "default", {{"line", FieldType::string}}},
                   {"lines", "numbers", {{"n", FieldType::int64}}}}};
  AnyBolt bolt;
};

TEST_F(HarnessTest, ShowsWhatABoltEmitsAndAcks) {
  bolt.on_execute = [](const Tuple& in, BoltCollector& out) {
    out.emit(in, in.get<std::string_view>("line").substr(0, 3));
    out.emit(kUnanchored, "free");
    out.ack(in);
  };
  execute();
  ASSERT_EQ(harness.emitted.size(), 2u);
  EXPECT_EQ(harness.emitted[0].values, List{"two"});
  EXPECT_EQ(harness.emitted[0].anchors, 1u);
  EXPECT_EQ(harness.emitted[1].anchors, 0u);
  EXPECT_EQ(harness.acked, 1u);
  EXPECT_EQ(harness.misused, 0u);
}

TEST_F(HarnessTest, FlushesAfterEveryTuple) {
  std::vector<std::string> calls;
  bolt.on_execute = [&](const Tuple&, BoltCollector&) { calls.emplace_back("execute"); };
  bolt.on_flush = [&](BoltCollector&) { calls.emplace_back("flush"); };
  execute();
  EXPECT_THAT(calls, ElementsAre("execute", "flush"));
}

TEST_F(HarnessTest, FailsTheTupleOfAnException) {
  bolt.on_execute = [](const Tuple&, BoltCollector&) { throw std::runtime_error("bad line"); };
  execute();
  EXPECT_THAT(harness.failed, ElementsAre("bad line"));
  EXPECT_EQ(harness.acked, 0u);
}

TEST_F(HarnessTest, ReportsAnExceptionAfterTheAck) {
  bolt.on_execute = [](const Tuple& in, BoltCollector& out) {
    out.ack(in);
    throw std::runtime_error("too late");
  };
  execute();
  EXPECT_THAT(harness.failed, IsEmpty());
  EXPECT_THAT(harness.errors, ElementsAre("too late"));
  EXPECT_EQ(harness.acked, 1u);
}

TEST_F(HarnessTest, CountsSecondAcksAndEmitsOnClosedAnchorsAsMisuse) {
  bolt.on_execute = [](const Tuple& in, BoltCollector& out) {
    out.ack(in);
    out.ack(in);
    out.fail(in, "no");
    out.emit(in, "word");
  };
  execute();
  EXPECT_EQ(harness.acked, 1u);
  EXPECT_THAT(harness.failed, IsEmpty());
  EXPECT_EQ(harness.misused, 3u);
  EXPECT_EQ(harness.emitted[0].anchors, 0u);
}

TEST_F(HarnessTest, KeepsHeldTuples) {
  std::vector<HeldTuple> held;
  bolt.on_execute = [&](const Tuple& in, BoltCollector& out) { held.push_back(out.hold(in)); };
  execute("one");
  execute("two");
  EXPECT_EQ(harness.acked, 0u);
  EXPECT_EQ(held[1]->get<std::string>("line"), "two");
  BoltCollector& out = harness.bolt_collector();
  out.emit(Anchors{held[0], held[1]}, "both");
  EXPECT_EQ(harness.emitted[0].anchors, 2u);
  out.ack(held[0]);
  out.fail(held[1], "no");
  EXPECT_EQ(harness.acked, 1u);
  EXPECT_THAT(harness.failed, ElementsAre("no"));
  out.ack(held[1]);
  EXPECT_EQ(harness.misused, 1u);
}

TEST_F(HarnessTest, DetachesTheRightToAck) {
  std::optional<Anchor> anchor;
  bolt.on_execute = [&](const Tuple& in, BoltCollector& out) { anchor = out.detach(in); };
  execute();
  EXPECT_TRUE(anchor->open());
  harness.bolt_collector().reset_timeout(*anchor);
  harness.bolt_collector().ack(*anchor);
  EXPECT_FALSE(anchor->open());
  EXPECT_EQ(harness.acked, 1u);
  EXPECT_EQ(harness.timeout_resets, 1u);
  Anchor moved = std::move(*anchor);
  EXPECT_FALSE(moved.open());
}

TEST_F(HarnessTest, TellsTheInputsApart) {
  std::vector<std::string> streams;
  bolt.on_execute = [&](const Tuple& in, BoltCollector&) {
    streams.push_back(in.source_component() + "/" + in.source_stream());
  };
  execute();
  harness.execute_on(bolt, "lines", "numbers", 1);
  EXPECT_THAT(streams, ElementsAre("lines/default", "lines/numbers"));
  EXPECT_EQ(harness.input("lines", "numbers").size(), 1u);
}

TEST_F(HarnessTest, RefusesInputsThatTheRuntimeWouldNotDeliver) {
  bolt.on_execute = [](const Tuple&, BoltCollector&) {};
  EXPECT_THROW(harness.execute(bolt, "nobody", "x"), std::invalid_argument);
  EXPECT_THROW(harness.execute_on(bolt, "lines", "none", "x"), std::invalid_argument);
  EXPECT_THROW(harness.execute(bolt, "lines", 1), std::invalid_argument);
  EXPECT_THROW(harness.execute(bolt, "lines", "x", "y"), std::invalid_argument);
  EXPECT_THROW(harness.output("none"), std::invalid_argument);
}

TEST_F(HarnessTest, TicksWithoutATree) {
  std::vector<std::int64_t> ticks;
  bolt.on_execute = [&](const Tuple& in, BoltCollector& out) {
    ASSERT_TRUE(in.is_tick());
    ticks.push_back(in.get<std::int64_t>(0));
    out.emit(in, "tock");
    out.ack(in);
    out.fail(in, "ignored");
  };
  harness.tick(bolt, 50);
  EXPECT_THAT(ticks, ElementsAre(50));
  EXPECT_EQ(harness.emitted[0].anchors, 0u);
  EXPECT_EQ(harness.acked, 0u);
  EXPECT_EQ(harness.misused, 0u);
  EXPECT_THAT(harness.failed, IsEmpty());
}

TEST_F(HarnessTest, CollectsDeadLettersErrorsAndCounters) {
  bolt.on_execute = [&](const Tuple& in, BoltCollector& out) {
    out.dead_letter(in, {.record = "raw", .reason = "broken", .source = "file", .position = 3});
    out.report_error("look here");
    harness.counter("broken").add();
    harness.counter("broken").add(2);
    out.ack(in);
  };
  execute();
  ASSERT_EQ(harness.dead_letters.size(), 1u);
  EXPECT_EQ(harness.dead_letters[0].reason, "broken");
  EXPECT_THAT(harness.errors, ElementsAre("look here"));
  EXPECT_EQ(harness.counters.at("broken"), 3);
}

TEST_F(HarnessTest, RunsPostedWorkOfOtherThreads) {
  int ran = 0;
  std::thread([&] {
    harness.post([&] { harness.post([&] { ++ran; }); });
    harness.wake();
  }).join();
  EXPECT_EQ(ran, 0);
  harness.run_posted();
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(harness.wakes, 1u);
}

// ---- BasicBolt
// -----------------------------------------------------------------------------------

TEST_F(HarnessTest, AcksForABasicBolt) {
  class Upper : public BasicBolt {
    void execute(const Tuple& in, BasicCollector& out) override {
      if (in.get<std::string_view>("line").empty()) throw std::runtime_error("empty");
      out.emit(in.get<std::string_view>("line"));
    }
  } upper;
  harness.execute(upper, "lines", "a");
  EXPECT_EQ(harness.acked, 1u);
  EXPECT_EQ(harness.emitted[0].anchors, 1u);
  harness.execute(upper, "lines", "");
  EXPECT_EQ(harness.acked, 1u);
  EXPECT_THAT(harness.failed, ElementsAre("empty"));
}

TEST(LambdaBolt, HasItsOwnStateInEachTask) {
  TopologyBuilder builder("test");
  class None : public Spout {
    Next next_tuple(SpoutCollector&) override { return Next::done(); }
  };
  builder.spout("lines", [] { return std::make_unique<None>(); })
      .output({{"line", FieldType::string}});
  builder.bolt("count", [n = 0](const Tuple&, BasicCollector& out) mutable { out.emit(++n); })
      .shuffle("lines")
      .output({{"n", FieldType::int64}})
      .tasks(2)
      .config("own", 5);
  const Topology topology = builder.build();
  Harness harness(topology, "count");
  EXPECT_EQ(harness.component(), "count");
  EXPECT_EQ(harness.topology(), "test");
  EXPECT_EQ(harness.task_count(), 2u);
  EXPECT_EQ(harness.config().get<std::int64_t>("own", 0), 5);

  const auto& make = std::get<BasicBoltFactory>(topology.component("count")->factory);
  const auto first = make();
  const auto second = make();
  harness.execute(*first, "lines", "a");
  harness.execute(*first, "lines", "b");
  harness.execute(*second, "lines", "c");
  EXPECT_EQ(harness.emitted[1].values, List{2});
  EXPECT_EQ(harness.emitted[2].values, List{1});
  EXPECT_THROW(Harness(topology, "nobody"), std::invalid_argument);
}

}  // namespace
}  // namespace rafale
