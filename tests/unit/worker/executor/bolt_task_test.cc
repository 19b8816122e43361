// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a bolt's acks, failures and kept tuples become on their way to the trackers.
#include "worker/executor/bolt_task.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/executor/bench.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Root> roots(const std::vector<std::uint64_t>& numbers) {
  std::vector<Root> made;
  made.reserve(numbers.size());
  for (const std::uint64_t seq : numbers) {
    made.push_back({kSpout, seq});
  }
  return made;
}

class BoltTaskTest : public testing::Test {
 protected:
  BoltTask& make(FunctionBolt::Function function) {
    bolt_ = make_bolt(bench_, 3, std::move(function));
    bolt_->wired(nullptr);
    return *bolt_;
  }
  /// "ack 3+2" is an ack of roots 3 and 4.
  std::vector<std::string> told() {
    bench_.flush({bolt_.get()});
    constexpr const char* kKinds[] = {"emit", "ack", "fail", "park", "reset", "release", "letter"};
    std::vector<std::string> texts;
    for (const Record& record : bench_.out.records) {
      texts.push_back(std::string(kKinds[static_cast<unsigned>(record.kind)]) + " " +
                      std::to_string(record.root0) + "+" + std::to_string(record.n));
    }
    bench_.out.clear();
    return texts;
  }
  const TaskCounters& counters() const { return bolt_->counters(); }

  Bench bench_;
  BatchPool arrivals_;
  std::unique_ptr<BoltTask> bolt_;
};

std::int64_t number(const Tuple& tuple) { return tuple.get<std::int64_t>(std::size_t{0}); }

// --- acks
// ---------------------------------------------------------------------------------------------

TEST_F(BoltTaskTest, AcksAWholeBatchAsItsRuns) {
  make([](const Tuple& in, BoltCollector& out) {
    out.ack(in);
  }).process(make_batch(arrivals_, roots({4, 5, 6, 9, 400, 401})));
  EXPECT_THAT(told(), ElementsAre("ack 4+4", "ack 400+2"));
  EXPECT_EQ(counters().executed.get(), 6u);
  EXPECT_EQ(counters().acked.get(), 6u);
}

TEST_F(BoltTaskTest, LeavesOutTheRowsThatItDoesNotAck) {
  make([](const Tuple& in, BoltCollector& out) {
    if (number(in) != 2 && number(in) != 5) {
      out.ack(in);
    }
  }).process(make_batch(arrivals_, roots({10, 11, 12, 13, 14, 15})));
  EXPECT_THAT(told(), ElementsAre("ack 10+2", "ack 13+2"));
}

TEST_F(BoltTaskTest, CountsASecondAckAndTellsNobody) {
  make([](const Tuple& in, BoltCollector& out) {
    out.ack(in);
    out.ack(in);
    out.fail(in, "late");
  }).process(make_batch(arrivals_, roots({7})));
  EXPECT_THAT(told(), ElementsAre("ack 7+1"));
  EXPECT_EQ(counters().misused.get(), 2u);
  EXPECT_EQ(counters().acked.get(), 1u);
}

TEST_F(BoltTaskTest, FailsEachRootOfATuple) {
  make([](const Tuple& in, BoltCollector& out) {
    out.fail(in, "no good");
    out.ack(in);
  }).process(make_batch(arrivals_, roots({7, 8})));
  EXPECT_THAT(told(), ElementsAre("fail 7+1", "fail 8+1"));
  EXPECT_EQ(counters().failed[static_cast<std::size_t>(FailureCode::explicit_)].get(), 2u);
}

TEST_F(BoltTaskTest, TurnsAnExceptionIntoAFailureAndGoesOn) {
  BoltTask& bolt = make([](const Tuple& in, BoltCollector& out) {
    out.emit(in, std::int64_t{1});
    if (number(in) == 1) {
      throw std::runtime_error("bad row");
    }
    out.ack(in);
  });
  subscribe(bolt, {{.task = 4, .worker = 1, .instance = 1}});
  bolt.wired(nullptr);
  bolt.process(make_batch(arrivals_, roots({7, 8, 9})));
  bench_.flush({&bolt});
  ASSERT_EQ(bench_.out.records.size(), 4u);
  EXPECT_EQ(bench_.out.records[0].n, 3u) << "what was emitted before the exception is told";
  EXPECT_EQ(bench_.out.records[1].kind, RecordKind::fail);
  EXPECT_EQ(bench_.out.records[1].code, FailureCode::exception);
  EXPECT_EQ(bench_.out.records[1].worker, 3u) << "the task";
  EXPECT_EQ(bench_.errors.text(bench_.out.records[1].instance), "bad row");
  EXPECT_EQ(counters().acked.get(), 2u);
}

TEST_F(BoltTaskTest, DoesNotFailWhatWasAckedBeforeTheException) {
  make([](const Tuple& in, BoltCollector& out) {
    out.ack(in);
    throw std::runtime_error("afterwards");
  }).process(make_batch(arrivals_, roots({7})));
  EXPECT_THAT(told(), ElementsAre("ack 7+1"));
  EXPECT_EQ(bench_.errors.last("bolt"), "afterwards");
}

TEST_F(BoltTaskTest, EmitsUnanchoredFromAClosedTuple) {
  BoltTask& bolt = make([](const Tuple& in, BoltCollector& out) {
    out.ack(in);
    out.emit(in, std::int64_t{1});
  });
  subscribe(bolt, {{.task = 4, .worker = 1, .instance = 1}});
  bolt.wired(nullptr);
  bolt.process(make_batch(arrivals_, roots({7})));
  bolt.flush_batches();
  ASSERT_EQ(bench_.out.batches.size(), 1u);
  EXPECT_EQ(bench_.out.batches[0]->rows, 1u);
  EXPECT_THAT(bench_.out.batches[0]->runs, IsEmpty());
  EXPECT_EQ(counters().misused.get(), 1u);
  EXPECT_THAT(told(), ElementsAre("ack 7+1"));
}

TEST_F(BoltTaskTest, MarksADeadLetterBeforeTheAck) {
  make([](const Tuple& in, BoltCollector& out) {
    out.dead_letter(in, {.record = "the record", .reason = "why", .source = "where"});
    out.ack(in);
  }).process(make_batch(arrivals_, roots({7})));
  EXPECT_THAT(told(), ElementsAre("letter 7+1", "ack 7+1"));
  EXPECT_THAT(bench_.letters.written, ElementsAre("the record"));
}

TEST_F(BoltTaskTest, ResetsTheTimeoutOfAnOpenTuple) {
  make([](const Tuple& in, BoltCollector& out) {
    out.reset_timeout(in);
    out.ack(in);
    out.reset_timeout(in);
  }).process(make_batch(arrivals_, roots({7})));
  EXPECT_THAT(told(), ElementsAre("reset 7+1", "ack 7+1"));
}

// --- pauses in the middle of a batch
// --------------------------------------------------------------------

TEST_F(BoltTaskTest, TellsWhatIsDoneWhenItStopsInTheMiddleOfABatch) {
  std::vector<std::int64_t> seen;
  BoltTask& bolt = make([&](const Tuple& in, BoltCollector& out) {
    seen.push_back(number(in));
    out.ack(in);
    bench_.core.congested = number(in) == 1 || number(in) == 2 || number(in) == 6;
  });
  EXPECT_FALSE(bolt.process(make_batch(arrivals_, roots({1, 2, 3, 5, 900, 901, 7}))));
  EXPECT_THAT(told(), ElementsAre("ack 1+2"));
  EXPECT_FALSE(bolt.resume()) << "still congested";
  bench_.core.congested = false;
  EXPECT_FALSE(bolt.resume());
  EXPECT_THAT(told(), ElementsAre("ack 3+1"));
  bench_.core.congested = false;
  EXPECT_TRUE(bolt.busy());
  EXPECT_TRUE(bolt.resume()) << "it stops between rows, not after the last";
  EXPECT_FALSE(bolt.busy());
  EXPECT_THAT(told(), ElementsAre("ack 5+1", "ack 900+2", "ack 7+1"));
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST_F(BoltTaskTest, StopsInALongBatchWhenItsTimeIsOver) {
  std::vector<std::uint64_t> numbers(500);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = i;
  }
  std::int64_t now = 0;
  bench_.core.clock = [&now] { return now; };
  bench_.core.slice_end_ns = 100;
  BoltTask& bolt = make([&now](const Tuple& in, BoltCollector& out) {
    out.ack(in);
    ++now;
  });
  EXPECT_FALSE(bolt.process(make_batch(arrivals_, roots(numbers))));
  EXPECT_LT(now, 250) << "it looks at the clock now and then";
  int turns = 1;
  do {
    bench_.core.slice_end_ns = now + 100;
    ++turns;
  } while (!bolt.resume() && turns < 100);
  EXPECT_EQ(counters().acked.get(), 500u);
  EXPECT_LT(turns, 10);
}

// --- kept tuples
// ----------------------------------------------------------------------------------------

TEST_F(BoltTaskTest, AcksDetachedTuplesLater) {
  std::vector<Anchor> kept;
  BoltTask& bolt =
      make([&](const Tuple& in, BoltCollector& out) { kept.push_back(out.detach(in)); });
  bolt.process(make_batch(arrivals_, roots({7, 8, 9, 20})));
  EXPECT_THAT(told(), IsEmpty());
  BoltCollector out(bolt);
  out.ack(kept[0]);
  out.ack(kept[1]);
  out.ack(kept[3]);
  out.fail(kept[2], "");
  EXPECT_THAT(told(), ElementsAre("ack 7+2", "ack 20+1", "fail 9+1"));
  out.ack(kept[0]);
  out.fail(kept[1], "");
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(counters().misused.get(), 2u);
}

TEST_F(BoltTaskTest, KeepsTheRowsOfHeldTuples) {
  std::vector<HeldTuple> kept;
  BoltTask& bolt = make([&](const Tuple& in, BoltCollector& out) { kept.push_back(out.hold(in)); });
  bolt.process(make_batch(arrivals_, roots({7, 8, 9})));
  Batch* reused = arrivals_.take(0);  // overwrites the block if nobody keeps it
  std::fill_n(reused->data(), reused->capacity(), 'x');
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(number(kept[i].tuple()), static_cast<std::int64_t>(i));
  }
  EXPECT_GT(counters().held_bytes.load(), 0);
  reused->release();
  BoltCollector out(bolt);
  out.ack(kept[1]);
  kept.clear();
  EXPECT_EQ(counters().held_bytes.load(), 0);
  EXPECT_THAT(told(), ElementsAre("ack 8+1"));
}

// Else a bolt that holds everything would need the memory twice.
TEST_F(BoltTaskTest, KeepsTheBatchOnceAGoodPartOfItIsHeld) {
  std::vector<HeldTuple> kept;
  BoltTask& bolt = make([&](const Tuple& in, BoltCollector& out) { kept.push_back(out.hold(in)); });
  std::vector<std::uint64_t> numbers(1000);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = i;
  }
  Batch* batch = make_batch(arrivals_, roots(numbers));
  ASSERT_EQ(batch->rows, 1000u);
  bolt.process(batch);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(number(kept[i].tuple()), static_cast<std::int64_t>(i));
  }
  kept.clear();
  Batch* again = arrivals_.take(0);
  EXPECT_EQ(again, batch) << "and lets go of it";
  again->release();
}

TEST_F(BoltTaskTest, RefusesToHoldMoreThanItsLimit) {
  bench_.core.options.max_held_bytes = 100;
  std::vector<HeldTuple> kept;
  BoltTask& bolt = make([&](const Tuple& in, BoltCollector& out) { kept.push_back(out.hold(in)); });
  bolt.process(make_batch(arrivals_, roots({0, 1, 2, 3, 4, 5, 6, 7, 8, 9})));
  EXPECT_LT(kept.size(), 10u);
  EXPECT_EQ(counters().failed[static_cast<std::size_t>(FailureCode::exception)].get(),
            10 - kept.size());
}

TEST_F(BoltTaskTest, NoticesATupleThatIsUsedAfterItsTime) {
  Tuple stale;
  BoltTask& bolt = make([&](const Tuple& in, BoltCollector& out) {
    if (number(in) == 0) {
      stale = in;
      return;
    }
    EXPECT_THROW(out.ack(stale), std::logic_error);
    EXPECT_THROW(out.emit(stale, std::int64_t{1}), std::logic_error);
    out.ack(in);
  });
  bolt.process(make_batch(arrivals_, roots({7, 8})));
  EXPECT_THAT(told(), ElementsAre("ack 8+1"));
  BoltCollector out(bolt);
  EXPECT_THROW(out.ack(stale), std::logic_error);
}

TEST_F(BoltTaskTest, AnchorsARowToTheDistinctRootsOfAllItsAnchors) {
  std::vector<Anchor> kept;
  BoltTask& bolt = make([&](const Tuple& in, BoltCollector& out) {
    if (number(in) < 3) {
      kept.push_back(out.detach(in));
      return;
    }
    out.emit(Anchors{in, kept[0], kept[1], kept[2]}, std::int64_t{1});
    out.ack(in);
    for (Anchor& anchor : kept) {
      out.ack(anchor);
    }
  });
  subscribe(bolt, {{.task = 4, .worker = 1, .instance = 1}});
  bolt.wired(nullptr);
  bolt.process(make_batch(arrivals_, roots({7, 8, 7, 8})));
  bolt.flush_batches();
  ASSERT_EQ(bench_.out.batches.size(), 1u);
  EXPECT_EQ(bench_.out.batches[0]->rows, 1u);
  EXPECT_EQ(bench_.out.batches[0]->runs.size(), 2u);
  bench_.flush({&bolt});
  EXPECT_EQ(bench_.out.records[0].kind, RecordKind::emit);
  EXPECT_EQ(bench_.out.records[1].kind, RecordKind::emit);
  EXPECT_EQ(bench_.out.records[2].kind, RecordKind::ack);
}

// --- rows without a tree, rows of trees that are over
// -----------------------------------------------------

TEST_F(BoltTaskTest, AcksARowWithoutATreeForNobody) {
  Batch* batch = make_batch(arrivals_, roots({7, 8}));
  batch->runs.clear();
  make([](const Tuple& in, BoltCollector& out) {
    Anchor anchor = out.detach(in);
    EXPECT_TRUE(anchor.open());
    out.ack(anchor);
  }).process(batch);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(counters().acked.get(), 2u);
  EXPECT_EQ(counters().misused.get(), 0u);
}

TEST_F(BoltTaskTest, SkipsTheRowsOfTreesThatAreOver) {
  bench_.floors.start(kSpout);
  bench_.floors.raise(kSpout, 9);
  std::vector<std::int64_t> seen;
  make([&](const Tuple& in, BoltCollector& out) {
    seen.push_back(number(in));
    out.ack(in);
  }).process(make_batch(arrivals_, roots({7, 8, 9, 10})));
  EXPECT_THAT(seen, ElementsAre(2, 3));
  EXPECT_EQ(counters().skipped.get(), 2u);
  EXPECT_THAT(told(), ElementsAre("ack 9+2"));
}

TEST_F(BoltTaskTest, SkipsNothingOfAnotherStart) {
  bench_.floors.start({.task = kSpout.task, .incarnation = 6});
  bench_.floors.raise({.task = kSpout.task, .incarnation = 6}, 100);
  make([](const Tuple& in, BoltCollector& out) {
    out.ack(in);
  }).process(make_batch(arrivals_, roots({7, 8})));
  EXPECT_EQ(counters().skipped.get(), 0u);
  EXPECT_THAT(told(), ElementsAre("ack 7+2"));
}

}  // namespace
}  // namespace rafale::worker
