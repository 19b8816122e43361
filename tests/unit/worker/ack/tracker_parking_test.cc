// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Roots that windows keep: parked when their tree is done, acked when the windows are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/ack/tracked.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TrackerParking, TakesAParkedRootOutOfPending) {
  Tracked t;
  t.open(1, 0xa);
  t.park(0, 0xa, token(4));
  EXPECT_THAT(t.ended(), IsEmpty());
  EXPECT_EQ(t.tracker.pending(), 0u);
  EXPECT_EQ(t.tracker.parked(), 1u);
  EXPECT_EQ(t.tracker.floor(), 1u) << "parked roots do not hold the floor";
  t.release(token(4));
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
  EXPECT_EQ(t.tracker.parked(), 0u);
}

TEST(TrackerParking, ParksOnlyWhenTheRestOfTheTreeIsDone) {
  Tracked t;
  t.open(1, 0xa);
  t.emit(0, 0xb);
  t.park(0, 0xb, token(4));
  EXPECT_EQ(t.tracker.parked(), 0u);
  EXPECT_EQ(t.tracker.pending(), 1u);
  t.ack(0, 0xa);
  EXPECT_EQ(t.tracker.parked(), 1u);
  EXPECT_THAT(t.ended(), IsEmpty());
}

TEST(TrackerParking, ReleasesAllWindowsUpToTheOneNamed) {
  Tracked t;
  t.open(4, 0xa);
  t.park(0, 0xa, token(3));
  t.park(1, 0xa, token(4));
  t.park(2, 0xa, token(5));
  t.park(3, 0xa, token(6));
  t.release(token(5));
  EXPECT_THAT(t.ended(), ElementsAre("acked 100", "acked 101", "acked 102"));
  t.release(token(6));
  EXPECT_THAT(t.ended(), ElementsAre("acked 103"));
}

TEST(TrackerParking, ReleasesNothingOfAnotherHolder) {
  Tracked t;
  t.open(1, 0xa);
  t.park(0, 0xa, token(3));
  Token other = token(9);
  other.holder.incarnation = 99;
  t.release(other);
  other = token(9);
  other.holder.task = 51;
  t.release(other);
  t.release(token(9, 5));
  t.release(token(9, 4, 2));
  EXPECT_THAT(t.ended(), IsEmpty());
  t.release(token(3));
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

TEST(TrackerParking, WaitsForEveryWindowThatKeepsTheRoot) {
  Tracked t;
  Token other = token(8);
  other.holder.task = 51;
  t.open(1, 0xa);
  t.emit(0, 0xb);
  t.park(0, 0xa, token(3));
  t.park(0, 0xb, other);
  t.release(token(3));
  EXPECT_THAT(t.ended(), IsEmpty());
  t.release(other);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

// Another part of the tree may take longer than the window.
TEST(TrackerParking, TakesAReleaseBeforeTheTreeIsDone) {
  Tracked t(8, 1'000'000);
  t.open(2, 0xa);
  t.emit(0, 0xb);
  t.emit(1, 0xb);
  t.park(0, 0xb, token(3));
  t.park(1, 0xb, token(3));
  t.tracker.reset_timeout(1);  // its token moves along
  t.release(token(3));
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(0, 0xa, 2);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100", "acked 101"));
  EXPECT_EQ(t.tracker.parked(), 0u);
}

TEST(TrackerParking, ParksRootsFromOutsideTheRing) {
  Tracked t(8, 1'000'000);
  t.open(2, 0xa);
  t.tracker.reset_timeout(0);
  t.park(0, 0xa, token(1));
  EXPECT_EQ(t.tracker.overflowed(), 0u);
  EXPECT_EQ(t.tracker.parked(), 1u);
  EXPECT_EQ(t.tracker.pending(), 1u);
  t.release(token(1));
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

TEST(TrackerParking, LeavesTheSlotOfAParkedRootToOthers) {
  Tracked t(2);
  t.open(1, 0xa);
  t.park(0, 0xa, token(1));
  for (std::uint64_t seq = 1; seq < 20; ++seq) {
    t.open(1, 0xb);
    t.ack(seq, 0xb);
  }
  EXPECT_EQ(t.ended().size(), 19u);
  EXPECT_EQ(t.tracker.ring_size(), 2u);
  t.ack(0, 0xa);  // nothing of it is open
  t.release(token(1));
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

TEST(TrackerParking, FailsParkedRootsWhenTheirHolderIsLost) {
  Tracked t;
  t.open(3, 0xa);
  t.park(0, 0xa, token(1, 4, 1));
  t.park(1, 0xa, token(1, 4, 2));
  t.park(2, 0xa, token(1, 5, 1));
  t.tracker.peer_lost(4, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
  t.tracker.peer_lost(4, 3);  // and with it all before
  EXPECT_THAT(t.ended(), ElementsAre("failed 101 peer_lost"));
  EXPECT_EQ(t.tracker.parked(), 1u);
}

// The emit to the window and its record of parking come by different ways.
TEST(TrackerParking, FailsARootWhoseHolderIsLostBeforeTheTreeIsDone) {
  Tracked t(8, 1'000'000);
  t.open(2, 0xa);
  t.park(0, 0xb, token(1));
  t.park(1, 0xb, token(1));
  t.tracker.reset_timeout(1);
  t.tracker.peer_lost(4, 1);
  t.emit(0, 0xb, 4, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 101 peer_lost", "failed 100 peer_lost"));
}

TEST(TrackerParking, KeepsTheDeadLetterMark) {
  Tracked t;
  t.open(1, 0xa);
  t.tracker.mark_dead_lettered(0);
  t.park(0, 0xa, token(1));
  t.release(token(1));
  EXPECT_THAT(t.ended(), ElementsAre("dead_lettered 100"));
}

TEST(TrackerParking, ParksUnderTheGuardAndWhenItGoes) {
  Tracked t;
  const std::uint64_t seq = t.tracker.open(100);
  t.tracker.add_edge(seq, 0xa, Tracked::kHere, 1);
  t.park(seq, 0xa, token(1));
  EXPECT_EQ(t.tracker.parked(), 0u);
  t.tracker.release_guard(seq);
  EXPECT_EQ(t.tracker.parked(), 1u);
  EXPECT_THAT(t.ended(), IsEmpty());
}

// A slot that is claimed again must not inherit the tokens of a root that failed.
TEST(TrackerParking, ForgetsTheTokensOfARootThatFailed) {
  Tracked t(2);
  t.open(1, 0xa);
  t.park(0, 0xb, token(1));
  t.tracker.fail(0, FailureCode::explicit_, 1, 0);
  t.open(2, 0xc);
  t.ack(1, 0xc, 2);
  EXPECT_THAT(t.ended(), ElementsAre("acked 101", "acked 102", "failed 100 explicit"));
  EXPECT_EQ(t.tracker.parked(), 0u);
}

}  // namespace
}  // namespace rafale::worker
