// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Whom the loss of a worker hits, and for how long it is remembered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/ack/tracked.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TrackerLoss, FailsTheRootsThatHadAnEdgeThereAndNoOther) {
  Tracked t;
  t.open(3, 0xa);
  t.emit(0, 0xb, 5, 1);
  t.emit(1, 0xb, 6, 1);
  t.tracker.peer_lost(5, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
  EXPECT_EQ(t.tracker.pending(), 2u);
}

// The tuple is processed, but what it led to over there may be lost.
TEST(TrackerLoss, FailsARootWhoseEdgeThereWasAcked) {
  Tracked t;
  t.open(1, 0xa);
  t.emit(0, 0xb, 5, 1);
  t.ack(0, 0xb);
  t.tracker.peer_lost(5, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
}

TEST(TrackerLoss, CountsTheSpoutsOwnEmits) {
  Tracked t;
  const std::uint64_t seq = t.tracker.open(100);
  t.tracker.add_edge(seq, 0xa, 5, 1);
  t.tracker.release_guard(seq);
  t.tracker.peer_lost(5, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
}

TEST(TrackerLoss, IsRememberedForRecordsThatComeLater) {
  Tracked t;
  t.open(2, 0xa);
  t.tracker.peer_lost(5, 2);
  t.emit(0, 0xb, 5, 2);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
  t.emit(1, 0xb, 5, 1);  // earlier instances are dead as well
  EXPECT_THAT(t.ended(), ElementsAre("failed 101 peer_lost"));
}

TEST(TrackerLoss, LetsALaterInstanceLive) {
  Tracked t;
  t.tracker.peer_lost(5, 2);
  t.open(1, 0xa);
  t.emit(0, 0xb, 5, 3);
  t.tracker.peer_lost(5, 2);  // repeated
  t.tracker.peer_lost(5, 1);  // out of order
  EXPECT_THAT(t.ended(), IsEmpty());
  t.emit(0, 0xc, 5, 1);  // what was remembered is not replaced by what came later
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
}

TEST(TrackerLoss, HitsARootEmittedToADeadWorkerAtOnce) {
  Tracked t;
  t.tracker.peer_lost(5, 1);
  const std::uint64_t seq = t.tracker.open(100);
  t.tracker.add_edge(seq, 0xa, 5, 1);
  t.tracker.add_edge(seq, 0xb, Tracked::kHere, 1);
  t.tracker.release_guard(seq);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
  EXPECT_EQ(t.tracker.pending(), 0u);
}

TEST(TrackerLoss, HitsRootsOutsideTheRing) {
  Tracked t(8, 1'000'000);
  t.open(4, 0xa);
  t.emit(0, 0xb, 5, 1);
  t.tracker.reset_timeout(0);  // takes its seen bits along
  t.tracker.reset_timeout(1);
  t.tracker.reset_timeout(2);
  t.emit(1, 0xb, 5, 1);
  EXPECT_EQ(t.tracker.overflowed(), 3u);
  t.tracker.peer_lost(5, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost", "failed 101 peer_lost"));
  EXPECT_EQ(t.tracker.pending(), 2u);
  EXPECT_EQ(t.tracker.overflowed(), 1u);
}

// 64 bits for any number of workers: some failures are for nothing, none is missing.
TEST(TrackerLoss, HitsTheRootsOfAWorkerThatSharesTheBit) {
  Tracked t;
  t.open(3, 0xa);
  t.emit(0, 0xb, 5, 1);
  t.emit(1, 0xb, 69, 1);
  t.emit(2, 0xb, 70, 1);
  t.tracker.peer_lost(69, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost", "failed 101 peer_lost"));
  t.open(1, 0xa);
  t.emit(3, 0xb, 5, 1);  // 5 itself is alive
  EXPECT_THAT(t.ended(), IsEmpty());
}

// If the spout's own worker is lost, so is its tracker: edges at home cost nothing.
TEST(TrackerLoss, DoesNotMarkEdgesInItsOwnWorker) {
  Tracked t;
  t.open(2, 0xa);
  t.emit(0, 0xb, Tracked::kHere, 2);
  t.emit(1, 0xb, Tracked::kHere + 64, 1);
  t.tracker.peer_lost(Tracked::kHere, 1);  // its own former life
  EXPECT_THAT(t.ended(), ElementsAre("failed 101 peer_lost")) << "which shares its bit";
  t.emit(0, 0xc, Tracked::kHere, 2);
  t.ack(0, 0xa ^ 0xb ^ 0xc);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

TEST(TrackerLoss, FailsARootWhoseRecordNamesAFormerLifeOfItsOwnWorker) {
  Tracked t;
  t.tracker.peer_lost(Tracked::kHere, 1);
  t.open(1, 0xa);
  t.emit(0, 0xb, Tracked::kHere, 1);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 peer_lost"));
}

TEST(TrackerLoss, AppliesWholeSlicesAfterALoss) {
  Tracked t;
  t.tracker.peer_lost(5, 1);
  t.open(4, 0xa);
  t.emit(0, 0xb, Tracked::kHere, 2, 4);
  t.emit(1, 0xc, 5, 1, 2);
  EXPECT_THAT(t.ended(), ElementsAre("failed 101 peer_lost", "failed 102 peer_lost"));
  t.ack(0, 0xa ^ 0xb, 4);
  EXPECT_THAT(t.ended(), ElementsAre("acked 100", "acked 103"));
}

}  // namespace
}  // namespace rafale::worker
