// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The life of a worker, event by event.
#include "worker/cluster/lifecycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using A = Lifecycle::Action;
using P = Lifecycle::Phase;

constexpr std::int64_t kSecond = 1'000'000'000;

/// As far as `phase`, heard of at time 0.
Lifecycle life_in(P phase) {
  Lifecycle life(0);
  if (phase == P::waiting) return life;
  life.assigned(true);
  if (phase == P::preparing) return life;
  life.prepared(absl::OkStatus());
  if (phase == P::connecting) return life;
  life.peers_ready();
  if (phase == P::opening) return life;
  life.opened(absl::OkStatus());
  return life;
}

TEST(Lifecycle, GoesFromTheFirstAssignmentToRunningSpouts) {
  Lifecycle life(0);
  EXPECT_EQ(life.state(), "starting");
  EXPECT_THAT(life.peers_ready(), IsEmpty()) << "not yet prepared";
  EXPECT_THAT(life.assigned(true), ElementsAre(A::prepare));
  EXPECT_THAT(life.prepared(absl::OkStatus()), ElementsAre(A::connect));
  EXPECT_THAT(life.tick(kSecond), IsEmpty());
  EXPECT_THAT(life.peers_ready(), ElementsAre(A::open));
  EXPECT_EQ(life.state(), "starting");
  EXPECT_THAT(life.opened(absl::OkStatus()), ElementsAre(A::activate));
  EXPECT_EQ(life.state(), "running");
  EXPECT_THAT(life.peers_ready(), IsEmpty()) << "a peer that comes back later changes nothing";
}

TEST(Lifecycle, StartsInactiveIfTheAssignmentSaysSo) {
  Lifecycle life(0);
  life.assigned(false);
  life.prepared(absl::OkStatus());
  life.peers_ready();
  EXPECT_THAT(life.opened(absl::OkStatus()), IsEmpty());
  EXPECT_THAT(life.assigned(true), ElementsAre(A::activate));
  EXPECT_THAT(life.assigned(true), IsEmpty());
  EXPECT_THAT(life.assigned(false), ElementsAre(A::deactivate));
}

TEST(Lifecycle, AnAssignmentWhileStartingOnlySaysHowItWillGoOn) {
  Lifecycle life = life_in(P::connecting);
  EXPECT_THAT(life.assigned(false), IsEmpty());
  life.peers_ready();
  EXPECT_THAT(life.opened(absl::OkStatus()), IsEmpty());
}

TEST(Lifecycle, PausesSpoutsWhileNobodyIsHeardOf) {
  Lifecycle life = life_in(P::running);
  EXPECT_THAT(life.tick(Lifecycle::kLeaseNs), IsEmpty());
  EXPECT_THAT(life.tick(Lifecycle::kLeaseNs + 1), ElementsAre(A::deactivate));
  EXPECT_EQ(life.phase(), P::running) << "what is under way goes on";
  life.heard(Lifecycle::kLeaseNs + 2);
  EXPECT_THAT(life.tick(Lifecycle::kLeaseNs + 3), ElementsAre(A::activate));
  EXPECT_THAT(life.tick(Lifecycle::kLeaseNs + 4), IsEmpty());
}

TEST(Lifecycle, AnAssignmentDoesNotWakeSpoutsWithoutALease) {
  Lifecycle life = life_in(P::running);
  life.tick(20 * kSecond);
  EXPECT_THAT(life.assigned(true), IsEmpty());
}

TEST(Lifecycle, DrainsBeforeItEnds) {
  Lifecycle life = life_in(P::running);
  EXPECT_THAT(life.stop(kSecond, 5 * kSecond, "asked"), ElementsAre(A::drain));
  EXPECT_EQ(life.state(), "draining");
  EXPECT_THAT(life.tick(2 * kSecond), IsEmpty());
  EXPECT_THAT(life.assigned(true), IsEmpty());
  EXPECT_THAT(life.drained(), ElementsAre(A::close));
  EXPECT_EQ(life.phase(), P::ended);
  EXPECT_EQ(life.exit_code(), 0);
  EXPECT_EQ(life.reason(), "asked");
}

TEST(Lifecycle, EndsWhenTheTimeToDrainIsOver) {
  Lifecycle life = life_in(P::running);
  life.stop(0, 5 * kSecond, "asked");
  EXPECT_THAT(life.tick(5 * kSecond), ElementsAre(A::close));
  EXPECT_EQ(life.exit_code(), 0);
  EXPECT_THAT(life.reason(), HasSubstr("not everything"));
}

TEST(Lifecycle, ASecondWishToEndMayShortenTheTimeAndNotLengthenIt) {
  Lifecycle life = life_in(P::running);
  life.stop(0, 5 * kSecond, "first");
  EXPECT_THAT(life.stop(kSecond, 60 * kSecond, "second"), IsEmpty());
  EXPECT_THAT(life.stop(kSecond, kSecond, "third"), IsEmpty());
  EXPECT_THAT(life.tick(2 * kSecond), ElementsAre(A::close));
}

TEST(Lifecycle, HasNothingToDrainBeforeItRuns) {
  for (const P phase : {P::waiting, P::connecting}) {
    Lifecycle life = life_in(phase);
    EXPECT_THAT(life.stop(0, 5 * kSecond, "asked"), ElementsAre(A::close));
    EXPECT_EQ(life.exit_code(), 0);
  }
}

TEST(Lifecycle, FailuresOfUserCodeEndItWithTheirText) {
  Lifecycle life = life_in(P::preparing);
  EXPECT_THAT(life.prepared(absl::FailedPreconditionError("split: prepare() failed: no file")),
              ElementsAre(A::close));
  EXPECT_EQ(life.exit_code(), kExitFailed);
  EXPECT_EQ(life.reason(), "split: prepare() failed: no file");

  Lifecycle late = life_in(P::opening);
  EXPECT_THAT(late.opened(absl::FailedPreconditionError("x")), ElementsAre(A::close));
  EXPECT_EQ(late.exit_code(), kExitFailed);
}

TEST(Lifecycle, AFencedWorkerEndsAtOnceWhateverItWasDoing) {
  for (const P phase : {P::waiting, P::connecting, P::running}) {
    Lifecycle life = life_in(phase);
    EXPECT_THAT(life.give_up(kExitFenced, "another runs"), ElementsAre(A::close));
    EXPECT_EQ(life.exit_code(), kExitFenced);
    EXPECT_THAT(life.give_up(kExitFailed, "again"), IsEmpty());
    EXPECT_THAT(life.stop(0, 0, "again"), IsEmpty());
    EXPECT_EQ(life.exit_code(), kExitFenced);
  }
  Lifecycle draining = life_in(P::running);
  draining.stop(0, 5 * kSecond, "asked");
  EXPECT_THAT(draining.give_up(kExitFenced, "another runs"), ElementsAre(A::close));
}

}  // namespace
}  // namespace rafale::worker
