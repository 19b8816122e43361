// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Timeouts of trees: never early, at most a tenth late, whatever the phase of the ticks.
#include <cstdint>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/seed.h"
#include "tests/unit/worker/ack/tracked.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kMs = 1'000'000;

TEST(TrackerTimeout, FailsWhatIsOpenForLongerAndNothingElse) {
  Tracked t(8, 32 * kMs);
  ASSERT_EQ(t.tracker.tick_ns(), kMs);
  t.tracker.tick(0);
  t.open(2, 0xa);
  t.ack(0, 0xa);
  t.ended();
  for (std::int64_t now = kMs; now <= 32 * kMs; now += kMs) {
    t.tracker.tick(now);
    if (now == 20 * kMs) {
      t.open(1, 0xb);
    }
  }
  EXPECT_THAT(t.ended(), IsEmpty()) << "32 ms since the tick before it was opened";
  t.tracker.tick(33 * kMs);
  EXPECT_THAT(t.ended(), ElementsAre("failed 101 timeout"));
  EXPECT_EQ(t.tracker.pending(), 1u);
}

TEST(TrackerTimeout, TicksAtLeastTenTimesASecond) {
  EXPECT_EQ(Tracked(8, 3'600'000 * kMs).tracker.tick_ns(), 100 * kMs);
  EXPECT_EQ(Tracked(8, 320 * kMs).tracker.tick_ns(), 10 * kMs);
  EXPECT_GT(Tracked(8, 1).tracker.tick_ns(), 0);
}

TEST(TrackerTimeout, NeverFailsATreeWithoutATimeout) {
  Tracked t(4, 0);
  t.tracker.tick(0);
  t.open(3, 0xa);
  t.tracker.reset_timeout(0);
  for (std::int64_t hour = 0; hour < 1000; ++hour) {
    t.tracker.tick(hour * 3'600'000 * kMs);
  }
  EXPECT_THAT(t.ended(), IsEmpty());
  t.ack(0, 0xa, 3);
  EXPECT_EQ(t.ended().size(), 3u);
}

// Roots are opened, reset and moved at any moment between ticks that are not quite regular.
TEST(TrackerTimeout, StaysBetweenOneAndOnePointOneTimeoutsAtAnyPhase) {
  common::Random random(support::seed());
  for (int run = 0; run < 50; ++run) {
    const std::int64_t timeout = (1 + static_cast<std::int64_t>(random.below(10'000))) * kMs;
    Tracked t(8, timeout);
    std::map<std::uint64_t, std::int64_t> since;  // of open roots
    const auto step = static_cast<std::uint64_t>(t.tracker.tick_ns());
    std::int64_t now = static_cast<std::int64_t>(random.below(step)) + 1;
    std::int64_t next_tick = now;
    const std::int64_t end = now + 4 * timeout;
    while (now < end || !since.empty()) {
      now += static_cast<std::int64_t>(random.below(step / 3 + 1));
      t.tracker.set_now(now);
      if (now >= next_tick) {  // as executors do it, a little late
        t.tracker.tick(now);
        next_tick = now + t.tracker.tick_ns();
      }
      for (const Completion& c : t.tracker.completions()) {
        const auto open = static_cast<double>(now - since[c.seq]) / static_cast<double>(timeout);
        ASSERT_GE(open, 1.0) << "root " << c.seq << " of timeout " << timeout;
        ASSERT_LE(open, 1.1) << "root " << c.seq << " of timeout " << timeout;
        since.erase(c.seq);
      }
      t.tracker.completions().clear();
      ASSERT_EQ(t.tracker.pending(), since.size());
      if (now < end && random.chance(0.3)) {
        since[t.tracker.next()] = now;
        t.open(1, 0xa);
      }
      if (now < end && !since.empty() && random.chance(0.02)) {
        const auto root =
            std::next(since.begin(), static_cast<std::ptrdiff_t>(random.below(since.size())));
        t.tracker.reset_timeout(root->first);
        root->second = now;
      }
    }
  }
}

TEST(TrackerTimeout, BeginsAnewAtAReset) {
  Tracked t(8, 32 * kMs);
  t.tracker.tick(0);
  t.open(2, 0xa);
  std::int64_t now = 0;
  for (now = kMs; now < 30 * kMs; now += kMs) {
    t.tracker.tick(now);
  }
  t.apply(t.record(RecordKind::reset, 1, 0));
  const std::int64_t reset = now - kMs;
  for (; now < reset + 32 * kMs; now += kMs) {
    t.tracker.tick(now);
  }
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 timeout"));
  for (; now < reset + 36 * kMs; now += kMs) {
    t.tracker.tick(now);
  }
  EXPECT_THAT(t.ended(), ElementsAre("failed 101 timeout"));
}

TEST(TrackerTimeout, ResetsARootThatWasResetBefore) {
  Tracked t(8, 32 * kMs);
  t.tracker.tick(0);
  t.open(1, 0xa);
  for (std::int64_t now = kMs; now < 320 * kMs; now += kMs) {
    t.tracker.tick(now);
    if (now % (20 * kMs) == 0) {
      t.tracker.reset_timeout(0);
    }
  }
  EXPECT_THAT(t.ended(), IsEmpty());
  EXPECT_EQ(t.tracker.pending(), 1u);
}

TEST(TrackerTimeout, IgnoresTheResetOfARootThatIsOver) {
  Tracked t(8, 32 * kMs);
  t.open(2, 0xa);
  t.ack(0, 0xa);
  t.tracker.reset_timeout(0);
  t.tracker.reset_timeout(99);
  EXPECT_EQ(t.tracker.overflowed(), 0u);
}

TEST(TrackerTimeout, FailsAStragglerThatWasMovedOutInTime) {
  Tracked t(4, 32 * kMs);
  t.tracker.tick(0);
  t.open(1, 0xa);
  t.tracker.tick(kMs);
  for (std::uint64_t seq = 1; seq < 50; ++seq) {
    t.open(1, 0xb);
    t.ack(seq, 0xb);
  }
  ASSERT_EQ(t.tracker.overflowed(), 1u);
  t.ended();
  std::int64_t now = 2 * kMs;
  for (; now <= 32 * kMs; now += kMs) {
    t.tracker.tick(now);
  }
  EXPECT_THAT(t.ended(), IsEmpty());
  t.tracker.tick(now);
  EXPECT_THAT(t.ended(), ElementsAre("failed 100 timeout"));
}

// Parked roots wait for their windows, however long.
TEST(TrackerTimeout, DoesNotFailParkedRoots) {
  Tracked t(8, 32 * kMs);
  t.tracker.tick(0);
  t.open(1, 0xa);
  t.park(0, 0xa, token(1));
  for (std::int64_t now = kMs; now < 1000 * kMs; now += kMs) {
    t.tracker.tick(now);
  }
  EXPECT_THAT(t.ended(), IsEmpty());
  t.release(token(1));
  EXPECT_THAT(t.ended(), ElementsAre("acked 100"));
}

// A pause of the whole process makes failures late, never early, and loses none.
TEST(TrackerTimeout, CatchesUpAfterAPause) {
  Tracked t(8, 32 * kMs);
  t.tracker.tick(0);
  t.open(3, 0xa);
  t.tracker.tick(kMs);
  t.open(2, 0xb);
  t.tracker.tick(20 * kMs);
  t.tracker.tick(500 * kMs);
  EXPECT_EQ(t.ended().size(), 5u);
  EXPECT_EQ(t.tracker.floor(), 5u);
}

}  // namespace
}  // namespace rafale::worker
