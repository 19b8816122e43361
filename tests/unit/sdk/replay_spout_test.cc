// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// A ReplaySpout repeats what failed, in its time, and gives up with a dead letter.
#include "rafale/replay_spout.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/testing.h"

namespace rafale {
namespace {

using rafale::testing::Harness;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = Next::Kind;

constexpr FailReason kFailed{FailureCode::explicit_, "sink", 3, "no"};
constexpr FailReason kPeerLost{FailureCode::peer_lost, "", 0, ""};
constexpr std::int64_t kMs = 1'000'000;

// Emits "0", "1", ... up to `limit`, then is done, or idle if `limit` may be raised.
class Numbers : public ReplaySpout {
 public:
  int limit = 3;
  bool idle_at_limit = false;
  bool describes = false;
  bool describe_throws = false;
  Next pause = Next::idle();
  std::vector<std::uint64_t> done;

 protected:
  Next produce(ReplayCollector& out) override {
    if (next_ == limit) return idle_at_limit ? pause : Next::done();
    EXPECT_EQ(out.emit(std::to_string(next_)), static_cast<std::uint64_t>(next_));
    ++next_;
    return Next::emitted();
  }
  void completed(std::uint64_t number) override { done.push_back(number); }
  Description describe(const Tuple& row) override {
    if (describe_throws) throw std::runtime_error("no description");
    if (!describes) return ReplaySpout::describe(row);
    return {row.get<std::string>("text"), "numbers.txt", 10};
  }

 private:
  int next_ = 0;
};

class ReplaySpoutTest : public ::testing::Test {
 protected:
  explicit ReplaySpoutTest(const Config& config = {})
      : harness({{"default", {{"text", FieldType::string}}, false}}, {}, config) {}

  void SetUp() override { spout.open(harness); }

  Next next() { return spout.next_tuple(harness.collector()); }
  Kind next_kind() { return next().kind(); }
  // Calls next_tuple() until it emits nothing.
  Next run() {
    while (true) {
      const Next said = next();
      if (said.kind() != Kind::emitted) return said;
    }
  }
  void fail(std::uint64_t number, const FailReason& reason = kFailed) {
    spout.fail(MessageId{number}, reason);
  }
  void ack(std::uint64_t number) { spout.ack(MessageId{number}); }
  // The texts emitted since the last call.
  std::vector<std::string> texts() {
    std::vector<std::string> out;
    for (const auto& e : harness.emitted) out.push_back(*e.values[0].as<std::string>());
    harness.emitted.clear();
    return out;
  }

  Harness harness;
  Numbers spout;
};

TEST_F(ReplaySpoutTest, EmitsWithTheNumberAsMessage) {
  run();
  ASSERT_EQ(harness.emitted.size(), 3u);
  EXPECT_TRUE(harness.emitted[2].has_message);
  EXPECT_EQ(harness.emitted[2].message, 2u);
  EXPECT_EQ(harness.replays, 0u);
}

TEST_F(ReplaySpoutTest, IsNotDoneWhileAMessageIsOpen) {
  EXPECT_EQ(run().kind(), Kind::idle);
  ack(0);
  ack(2);
  EXPECT_EQ(next_kind(), Kind::idle);
  EXPECT_EQ(harness.wakes, 0u);
  ack(1);
  EXPECT_EQ(harness.wakes, 1u) << "the last ack wakes a spout that is done";
  EXPECT_EQ(next_kind(), Kind::done);
  EXPECT_THAT(spout.done, ElementsAre(0, 2, 1));
}

TEST_F(ReplaySpoutTest, RepeatsAfterAPauseThatDoubles) {
  spout.limit = 1;
  run();
  texts();
  for (const std::int64_t pause : {100, 200, 400, 800}) {
    fail(0);
    EXPECT_EQ(next().pause_ns(), pause * kMs);
    harness.clock_ms += pause - 1;
    EXPECT_EQ(next().pause_ns(), kMs);
    EXPECT_THAT(texts(), IsEmpty());
    harness.clock_ms += 1;
    EXPECT_EQ(next_kind(), Kind::emitted);
    EXPECT_THAT(texts(), ElementsAre("0"));
  }
  EXPECT_EQ(harness.replays, 4u);
  ack(0);
  EXPECT_EQ(next_kind(), Kind::done);
  EXPECT_THAT(harness.dead_letters, IsEmpty());
}

TEST_F(ReplaySpoutTest, RepeatsWithTheSameMessage) {
  run();
  harness.emitted.clear();
  fail(1);
  harness.clock_ms += 100;
  run();
  ASSERT_EQ(harness.emitted.size(), 1u);
  EXPECT_EQ(harness.emitted[0].message, 1u);
}

TEST_F(ReplaySpoutTest, IsWokenForAReplayThatIsDueFirst) {
  run();
  fail(0);
  EXPECT_EQ(harness.wakes, 1u);
  fail(1);
  EXPECT_EQ(harness.wakes, 1u);
  fail(2, kPeerLost);
  EXPECT_EQ(harness.wakes, 2u);
}

TEST_F(ReplaySpoutTest, RepeatsWhatALostPeerHadAtOnceAndCountsNoAttempt) {
  spout.limit = 1;
  run();
  texts();
  for (int i = 0; i < 100; ++i) {
    fail(0, kPeerLost);
    EXPECT_EQ(next_kind(), Kind::emitted);
  }
  EXPECT_EQ(texts().size(), 100u);
  EXPECT_THAT(harness.dead_letters, IsEmpty());
  fail(0);
  EXPECT_EQ(next().pause_ns(), 100 * kMs) << "the first attempt";
}

TEST_F(ReplaySpoutTest, RepeatsSeveralInOrder) {
  run();
  texts();
  fail(2);
  harness.clock_ms += 10;
  fail(0);
  fail(1);
  harness.clock_ms += 200;
  run();
  EXPECT_THAT(texts(), ElementsAre("2", "0", "1"));
}

TEST_F(ReplaySpoutTest, GoesOnWithNewMessagesWhileOthersWait) {
  EXPECT_EQ(next_kind(), Kind::emitted);
  fail(0);
  EXPECT_EQ(next_kind(), Kind::emitted);
  EXPECT_EQ(next_kind(), Kind::emitted);
  EXPECT_THAT(texts(), ElementsAre("0", "1", "2"));
}

TEST_F(ReplaySpoutTest, PausesNoLongerThanUntilTheNextReplay) {
  spout.limit = 1;
  spout.idle_at_limit = true;
  spout.pause = Next::idle_for(std::chrono::milliseconds(150));
  run();
  fail(0);
  EXPECT_EQ(next().pause_ns(), 100 * kMs);
  spout.pause = Next::idle_for(std::chrono::milliseconds(50));
  EXPECT_EQ(next().pause_ns(), 50 * kMs);
  spout.pause = Next::idle();
  EXPECT_EQ(next().pause_ns(), 0);
  harness.clock_ms += 95;
  EXPECT_EQ(next().pause_ns(), 5 * kMs);
}

TEST_F(ReplaySpoutTest, GivesUpAfterTheLastAttempt) {
  spout.limit = 1;
  run();
  for (int attempt = 1; attempt < 5; ++attempt) {
    fail(0);
    EXPECT_THAT(harness.dead_letters, IsEmpty());
    harness.clock_ms += 10'000;
    run();
  }
  fail(0);
  ASSERT_EQ(harness.dead_letters.size(), 1u);
  const auto& letter = harness.dead_letters[0];
  EXPECT_EQ(letter.record, "{\"text\":\"0\"}");
  EXPECT_EQ(letter.reason, "explicit in sink (task 3): no");
  EXPECT_EQ(letter.source, "under_test");
  EXPECT_EQ(letter.position, -1);
  EXPECT_EQ(letter.attempts, 5u);
  EXPECT_EQ(harness.given_up, 1u);
  EXPECT_EQ(harness.replays, 4u);
  EXPECT_THAT(spout.done, ElementsAre(0));
  EXPECT_EQ(next_kind(), Kind::done);
}

TEST_F(ReplaySpoutTest, IgnoresWhatItDoesNotKnow) {
  run();
  ack(7);
  fail(7);
  ack(1);
  ack(1);
  fail(1);
  fail(0);
  fail(0);  // waits already
  harness.clock_ms += 1000;
  texts();
  run();
  EXPECT_THAT(texts(), ElementsAre("0"));
  EXPECT_THAT(spout.done, ElementsAre(1));
}

TEST_F(ReplaySpoutTest, EmitsOnlyReplaysWhenItDrains) {
  EXPECT_EQ(next_kind(), Kind::emitted);
  EXPECT_TRUE(spout.drains());
  EXPECT_EQ(next_kind(), Kind::idle);
  fail(0);
  harness.clock_ms += 100;
  EXPECT_EQ(next_kind(), Kind::emitted);
  EXPECT_THAT(texts(), ElementsAre("0", "0"));
  ack(0);
  EXPECT_EQ(harness.wakes, 2u);
  EXPECT_EQ(next_kind(), Kind::done);
}

TEST_F(ReplaySpoutTest, IsDoneAtOnceWhenItDrainsAndOwesNothing) {
  EXPECT_TRUE(spout.drains());
  EXPECT_EQ(next_kind(), Kind::done);
}

TEST_F(ReplaySpoutTest, DescribesItsLetters) {
  spout.describes = true;
  run();
  for (int attempt = 0; attempt < 5; ++attempt) {
    fail(1);
    harness.clock_ms += 10'000;
    run();
  }
  ASSERT_EQ(harness.dead_letters.size(), 1u);
  EXPECT_EQ(harness.dead_letters[0].record, "1");
  EXPECT_EQ(harness.dead_letters[0].source, "numbers.txt");
  EXPECT_EQ(harness.dead_letters[0].position, 10);
}

TEST_F(ReplaySpoutTest, WritesTheRowWhenDescribeThrows) {
  spout.describe_throws = true;
  run();
  for (int attempt = 0; attempt < 5; ++attempt) {
    fail(1);
    harness.clock_ms += 10'000;
    run();
  }
  ASSERT_EQ(harness.dead_letters.size(), 1u);
  EXPECT_EQ(harness.dead_letters[0].record, "{\"text\":\"1\"}");
}

TEST_F(ReplaySpoutTest, LosesNothingWhenNoLetterCanBeWritten) {
  spout.limit = 1;
  harness.dead_letters_fail = true;
  run();
  for (int attempt = 0; attempt < 7; ++attempt) {
    fail(0);
    harness.clock_ms += 10'000;
    run();
  }
  EXPECT_THAT(spout.done, IsEmpty());
  EXPECT_THAT(harness.errors, ElementsAre(harness.errors[0], harness.errors[0], harness.errors[0]));
  EXPECT_EQ(harness.given_up, 0u);
  harness.dead_letters_fail = false;
  fail(0);
  ASSERT_EQ(harness.dead_letters.size(), 1u);
  EXPECT_EQ(harness.dead_letters[0].attempts, 8u);
  EXPECT_THAT(spout.done, ElementsAre(0));
}

class ReplaySpoutWithSettings : public ReplaySpoutTest {
 protected:
  ReplaySpoutWithSettings() : ReplaySpoutTest(settings()) {}
  static Config settings() {
    Config config;
    config.set("topology.max.attempts", 3);
    config.set("topology.replay.backoff.ms", 10);
    config.set("topology.replay.backoff.max.ms", 15);
    config.set("topology.max.spout.pending", 4);
    return config;
  }
};

TEST_F(ReplaySpoutWithSettings, HeedsThem) {
  spout.limit = 1;
  run();
  fail(0);
  EXPECT_EQ(next().pause_ns(), 10 * kMs);
  harness.clock_ms += 10;
  run();
  fail(0);
  EXPECT_EQ(next().pause_ns(), 15 * kMs) << "capped";
  harness.clock_ms += 15;
  run();
  fail(0);
  ASSERT_EQ(harness.dead_letters.size(), 1u);
  EXPECT_EQ(harness.dead_letters[0].attempts, 3u);
}

TEST_F(ReplaySpoutWithSettings, StopsAtMaxPendingThoughWhatWaitsIsNotInFlight) {
  spout.limit = 100;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(next_kind(), Kind::emitted);
    fail(static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(next().pause_ns(), 10 * kMs);
  harness.clock_ms += 10;
  EXPECT_EQ(next_kind(), Kind::emitted);
  EXPECT_EQ(next_kind(), Kind::idle);
  EXPECT_THAT(texts(), ElementsAre("0", "1", "2", "3", "0", "1", "2", "3"));
  const std::size_t wakes = harness.wakes;
  ack(2);
  EXPECT_EQ(harness.wakes, wakes + 1) << "there is room again";
  EXPECT_EQ(next_kind(), Kind::emitted);
  EXPECT_EQ(next_kind(), Kind::idle);
  EXPECT_THAT(texts(), ElementsAre("4"));
}

TEST(ReplaySpoutSettings, ThatMakeNoSenseAreRefused) {
  for (const char* key : {"topology.max.attempts", "topology.max.spout.pending"}) {
    Config config;
    config.set(key, 0);
    Harness harness({{"default", {{"text", FieldType::string}}, false}}, {}, config);
    Numbers spout;
    EXPECT_THROW(spout.open(harness), std::invalid_argument);
  }
}

TEST(ReplaySpoutStreams, AreRepeatedWhereTheyWentFirst) {
  class Late : public ReplaySpout {
    void start(SpoutContext& context) override { late_ = context.output("late"); }
    Next produce(ReplayCollector& out) override {
      out.emit(late_, 1, "one");
      return Next::done();
    }
    StreamId late_;
  };
  Harness harness({{"default", {{"text", FieldType::string}}, false},
                   {"late", {{"n", FieldType::int64}, {"text", FieldType::string}}, false}});
  Late spout;
  spout.open(harness);
  EXPECT_EQ(spout.next_tuple(harness.collector()).kind(), Kind::idle);
  spout.fail(MessageId{0}, kPeerLost);
  EXPECT_EQ(spout.next_tuple(harness.collector()).kind(), Kind::emitted);
  ASSERT_EQ(harness.emitted.size(), 2u);
  EXPECT_EQ(harness.emitted[1].stream, "late");
  EXPECT_EQ(harness.emitted[1].values, harness.emitted[0].values);
}

TEST(ReplaySpoutEmits, ThatDoNotFitLeaveNothingOpen) {
  class Wrong : public ReplaySpout {
    Next produce(ReplayCollector& out) override {
      EXPECT_THROW(out.emit(1), std::invalid_argument);
      EXPECT_THROW(out.emit("text", "and more"), std::invalid_argument);
      return Next::done();
    }
  };
  Harness harness({{"default", {{"text", FieldType::string}}, false}});
  Wrong spout;
  spout.open(harness);
  EXPECT_EQ(spout.next_tuple(harness.collector()).kind(), Kind::done);
}

// Many messages, failures of every kind at random times: each ends exactly once.
TEST(ReplaySpoutAtLength, BringsEveryMessageToOneEnd) {
  Harness harness({{"default", {{"text", FieldType::string}}, false}});
  Numbers spout;
  spout.limit = 5000;
  spout.open(harness);
  std::uint64_t dice = 12345;
  std::vector<std::uint64_t> open;
  while (true) {
    const Next said = spout.next_tuple(harness.collector());
    for (const auto& e : harness.emitted) open.push_back(e.message);
    harness.emitted.clear();
    if (said.kind() == Kind::done) break;
    if (said.kind() == Kind::idle) harness.clock_ms += 7;
    for (int i = 0; i < 2 && !open.empty(); ++i) {
      dice = dice * 6364136223846793005u + 1442695040888963407u;
      std::swap(open[(dice >> 33) % open.size()], open.back());
      const MessageId id{open.back()};
      open.pop_back();
      switch ((dice >> 20) % 8) {
        case 0:
          spout.fail(id, kFailed);
          break;
        case 1:
          spout.fail(id, kPeerLost);
          break;
        case 2:
          spout.fail(id, FailReason{});
          break;
        default:
          spout.ack(id);
      }
    }
  }
  EXPECT_THAT(open, IsEmpty());
  ASSERT_EQ(spout.done.size(), 5000u);
  std::ranges::sort(spout.done);
  for (std::uint64_t i = 0; i < 5000; ++i) ASSERT_EQ(spout.done[i], i);
  EXPECT_EQ(harness.dead_letters.size(), harness.given_up);
  EXPECT_GT(harness.replays, 1000u);
}

}  // namespace
}  // namespace rafale
