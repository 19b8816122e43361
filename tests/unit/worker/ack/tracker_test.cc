// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// When a tree is complete, and how roots live in the ring and outside.
#include "worker/ack/tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/ack/tracked.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// --- edges
// ------------------------------------------------------------------------------------------

TEST(Tracker, CompletesWhenEveryEdgeIsSeenTwice) {
  Tracked t;
  t.open(1, 0xa);
  t.emit(0, 0xb);
  t.ack(0, 0xa);
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(0, 0xb);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
  EXPECT_EQ(t.tracker.pending(), 0u);
}

TEST(Tracker, TakesTheAckOfAnEdgeBeforeItsEmit) {
  Tracked t;
  t.open(1, 0xa);
  t.ack(0, 0xb);  // of a bolt further down, whose record came first
  t.emit(0, 0xb);
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(0, 0xa);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

// Between the emit of one bolt and the late emit of another the sum may be zero.
TEST(Tracker, NeverCompletesOnAnEmit) {
  Tracked t;
  t.open(1, 0xa);
  t.emit(0, 0xa);
  EXPECT_THAT(t.ended(), IsEmpty());
  EXPECT_EQ(t.tracker.pending(), 1u);
}

TEST(Tracker, EndsARootOnceWhateverComesAfterwards) {
  Tracked t;
  t.open(2, 0xa);
  t.ack(0, 0xa);
  t.ended();
  t.ack(0, 0xa);
  t.ack(0, 0xa);
  t.emit(0, 0xc);
  t.tracker.fail(0, FailureCode::explicit_, 1, 0);
  EXPECT_THAT(t.ended(), IsEmpty());
  EXPECT_EQ(t.tracker.pending(), 1u);
}

TEST(Tracker, AppliesASliceToEachOfItsRoots) {
  Tracked t;
  t.open(5, 0xa);
  t.ack(1, 0xa, 3);
  EXPECT_THAT(t.ended(), ElementsAre("acked 101", "acked 102", "acked 103"));
}

TEST(Tracker, FollowsTheDeltasOfASlice) {
  Tracked t;
  t.open(8, 0xa);
  RecordBlock block;
  block.deltas = {77, 0, 2, 1, 77};
  Record slice = t.record(RecordKind::ack, 1, 0xa, 3);
  slice.deltas = 2;  // index 1
  t.tracker.apply(slice, block);
  EXPECT_THAT(t.ended(), ElementsAre("acked 101", "acked 103", "acked 104"));
}

TEST(Tracker, ComputesTheEdgesOfADerivedSliceFromItsRows) {
  Tracked t;
  t.tracker.open(100, mix64(0x5 ^ 20));
  t.tracker.add_edge(0, mix64(0x5 ^ 21), Tracked::kHere, 1);
  t.tracker.open(101, mix64(0x5 ^ 22));
  RecordBlock block;
  block.deltas = {0, 0, 1};
  Record slice = t.record(RecordKind::ack, 0, 0x5, 3);
  slice.derived = true;
  slice.first_row = 20;
  slice.deltas = 1;
  t.tracker.apply(slice, block);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100", "acked 101"));
}

TEST(Tracker, IgnoresRecordsOfAnEarlierStart) {
  Tracked t;
  t.open(1, 0xa);
  for (const RecordKind kind : {RecordKind::emit, RecordKind::ack, RecordKind::fail,
                                RecordKind::reset, RecordKind::dead_letter}) {
    Record record = t.record(kind, 0, 0xa);
    record.spout.incarnation = 1;
    t.apply(record);
  }
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(0, 0xa);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

TEST(Tracker, IgnoresRootsThatDoNotExistYet) {
  Tracked t;
  t.open(1, 0xa);
  t.ack(0, 0xa, 4);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
  t.open(3, 0xb);
  t.ack(1, 0xb, 3);
  EXPECT_THAT(t.ended(), ElementsAre("acked 101", "acked 102", "acked 103"))
      << "the edges must not have been touched before";
}

// --- the guard
// --------------------------------------------------------------------------------------

TEST(Tracker, CompletesAnEmitThatReachedNobodyWhenTheGuardGoes) {
  Tracked t;
  const std::uint64_t seq = t.tracker.open(100);
  EXPECT_THAT(t.ended(), IsEmpty());
  t.tracker.release_guard(seq);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

TEST(Tracker, HoldsARootByItsGuardWhileItsEmitRuns) {
  Tracked t;
  const std::uint64_t seq = t.tracker.open(100);
  t.tracker.add_edge(seq, 0xa, Tracked::kHere, 1);
  t.ack(seq, 0xa);
  EXPECT_THAT(t.ended(), IsEmpty());
  t.tracker.add_edge(seq, 0xb, Tracked::kHere, 1);
  t.tracker.release_guard(seq);
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(seq, 0xb);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

TEST(Tracker, ReleasesTheGuardOfARootThatFailedMeanwhile) {
  Tracked t;
  const std::uint64_t seq = t.tracker.open(100);
  t.tracker.fail(seq, FailureCode::exception, 2, 0);
  t.tracker.add_edge(seq, 0xa, Tracked::kHere, 1);
  t.tracker.release_guard(seq);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 exception"));
}

TEST(Tracker, ReleasesTheGuardOfARootThatWasMovedOrMarkedMeanwhile) {
  Tracked t(8, 1'000'000);
  const std::uint64_t moved = t.tracker.open(100);
  t.tracker.reset_timeout(moved);
  t.tracker.release_guard(moved);
  const std::uint64_t marked = t.tracker.open(101);
  t.tracker.mark_dead_lettered(marked);
  t.tracker.release_guard(marked);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100", "dead_lettered 101"));
  EXPECT_EQ(t.tracker.pending(), 0u);
}

// --- ends other than acks
// -----------------------------------------------------------------------------

TEST(Tracker, FailsARootWithItsReason) {
  Tracked t;
  t.open(1, 0xa);
  Record failed = t.record(RecordKind::fail, 0, 0);
  failed.code = FailureCode::exception;
  failed.worker = 12;   // the task
  failed.instance = 4;  // the text
  t.apply(failed);
  ASSERT_EQ(t.tracker.completions().size(), 1u);
  const Completion completion = t.tracker.completions()[0];
  EXPECT_EQ(completion.outcome, Completion::Outcome::failed);
  EXPECT_EQ(completion.code, FailureCode::exception);
  EXPECT_EQ(completion.task, 12u);
  EXPECT_EQ(completion.text, 4u);
  EXPECT_EQ(completion.message, 100u);
}

TEST(Tracker, TellsADeadLetteredTreeFromAnAckedOne) {
  Tracked t;
  t.open(2, 0xa);
  t.apply(t.record(RecordKind::dead_letter, 1, 0));
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(0, 0xa, 2);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100", "dead_lettered 101"));
}

TEST(Tracker, KeepsTheDeadLetterMarkOfARootThatMoves) {
  Tracked t(4, 1'000'000);
  t.open(2, 0xa);
  t.apply(t.record(RecordKind::dead_letter, 0, 0));
  t.tracker.reset_timeout(0);
  t.tracker.reset_timeout(1);
  t.apply(t.record(RecordKind::dead_letter, 1, 0));
  t.ack(0, 0xa, 2);
  EXPECT_THAT(t.ended(), ElementsAre("dead_lettered 100", "dead_lettered 101"));
}

TEST(Tracker, FailsADeadLetteredTreeAsFailed) {
  Tracked t;
  t.open(1, 0xa);
  t.tracker.mark_dead_lettered(0);
  t.tracker.fail(0, FailureCode::explicit_, 1, 0);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 explicit"));
}

// A slot is clean when it is claimed again.
TEST(Tracker, ForgetsEverythingOfASlotsFormerRoot) {
  Tracked t(2);
  t.open(1, 0xa);
  t.emit(0, 0xb, 5, 1);
  t.tracker.mark_dead_lettered(0);
  t.tracker.fail(0, FailureCode::explicit_, 1, 0);
  t.ended();
  t.open(4, 0xc);  // through both slots, twice
  t.ack(1, 0xc, 4);
  t.tracker.peer_lost(5, 1);
  EXPECT_THAT(t.ended(), ElementsAre("acked 101", "acked 102", "acked 103", "acked 104"));
}

// --- the ring
// -----------------------------------------------------------------------------------------

TEST(Tracker, ReusesTheRingWithoutGrowing) {
  Tracked t(4);
  for (std::uint64_t seq = 0; seq < 1000; ++seq) {
    t.open(1, 0xa);
    t.ack(seq, 0xa);
  }
  EXPECT_EQ(t.ended().size(), 1000u);
  EXPECT_EQ(t.tracker.ring_size(), 4u);
  EXPECT_EQ(t.tracker.overflowed(), 0u);
}

TEST(Tracker, DoublesAFullRingIfMoreThanHalfOfItIsOpen) {
  Tracked t(4);
  t.open(1, 0xa);
  t.open(3, 0xb);
  t.ack(1, 0xb);  // three of four are open
  t.open(1, 0xc);
  EXPECT_EQ(t.tracker.ring_size(), 8u);
  EXPECT_EQ(t.tracker.overflowed(), 0u);
  EXPECT_EQ(t.tracker.pending(), 4u);
  t.ack(0, 0xa);
  t.ack(2, 0xb, 2);
  t.ack(4, 0xc);
  EXPECT_THAT(t.ended(),
              ElementsAre("acked 101", "acked 100", "acked 102", "acked 103", "acked 104"));
}

TEST(Tracker, MovesTheStragglersOfTheOlderHalfOutOfAFullRing) {
  Tracked t(8);
  t.open(8, 0xa);
  t.ack(1, 0xa);
  t.ack(3, 0xa, 4);  // 0, 2 and 7 are open
  t.ended();
  t.open(1, 0xb);
  EXPECT_EQ(t.tracker.ring_size(), 8u);
  EXPECT_EQ(t.tracker.overflowed(), 2u);
  EXPECT_EQ(t.tracker.pending(), 4u) << "what was moved is still pending";
  EXPECT_EQ(t.tracker.floor(), 0u);

  t.emit(2, 0xe);
  t.ack(0, 0xa, 3);  // 0, 1 and 2: moved, done, moved
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
  t.ack(2, 0xe);
  t.ack(7, 0xa);
  t.ack(8, 0xb);
  EXPECT_THAT(t.ended(), ElementsAre("acked 102", "acked 107", "acked 108"));
  EXPECT_EQ(t.tracker.overflowed(), 0u);
  EXPECT_EQ(t.tracker.floor(), 9u);
}

TEST(Tracker, KeepsTheEdgesOfRootsWhenTheRingDoubles) {
  Tracked t(2);
  t.open(2, 0xa);
  t.emit(0, 0xb, 5, 1);  // seen bits move along as well
  t.open(1, 0xc);
  ASSERT_EQ(t.tracker.ring_size(), 4u);
  t.tracker.peer_lost(5, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
  t.ack(1, 0xa);
  EXPECT_THAT(t.ended(), ElementsAre("acked 101"));
}

// A record names slots of the ring and roots outside in one slice.
TEST(Tracker, AppliesOneSliceAcrossRingAndOverflow) {
  Tracked t(8, 1'000'000);
  t.open(6, 0xa);
  t.tracker.reset_timeout(2);
  t.tracker.reset_timeout(4);
  EXPECT_EQ(t.tracker.overflowed(), 2u);
  t.emit(0, 0xb, Tracked::kHere, 1, 6);
  t.ack(0, 0xa, 6);
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(0, 0xb, 6);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100", "acked 101", "acked 102", "acked 103",
                                     "acked 104", "acked 105"));
  EXPECT_EQ(t.tracker.floor(), 6u);
}

TEST(Tracker, IgnoresRecordsForASlotThatHasANewRoot) {
  Tracked t(4);
  t.open(4, 0xa);
  t.ack(0, 0xa, 4);
  t.open(4, 0xb);
  t.ended();
  t.ack(0, 0xb, 4);  // 0 to 3 are over, their slots belong to 4 to 7
  t.emit(0, 0xc, Tracked::kHere, 1, 4);
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(4, 0xb, 4);
  EXPECT_EQ(t.ended().size(), 4u);
}

// --- the floor
// ----------------------------------------------------------------------------------------

TEST(Tracker, RaisesTheFloorToTheOldestOpenRoot) {
  Tracked t;
  EXPECT_EQ(t.tracker.floor(), 0u);
  t.open(5, 0xa);
  t.ack(1, 0xa);
  EXPECT_EQ(t.tracker.floor(), 0u);
  t.ack(0, 0xa);
  EXPECT_EQ(t.tracker.floor(), 2u);
  t.tracker.fail(2, FailureCode::explicit_, 1, 0);
  t.ack(3, 0xa, 2);
  EXPECT_EQ(t.tracker.floor(), 5u) << "all is over: the next root";
}

TEST(Tracker, KeepsTheFloorBelowRootsInTheOverflow) {
  Tracked t(8, 1'000'000);
  t.open(3, 0xa);
  t.tracker.reset_timeout(1);
  t.ack(0, 0xa);
  t.ack(2, 0xa);
  EXPECT_EQ(t.tracker.floor(), 1u);
  t.ack(1, 0xa);
  EXPECT_EQ(t.tracker.floor(), 3u);
}

}  // namespace
}  // namespace rafale::worker
