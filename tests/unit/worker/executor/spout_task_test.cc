// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a spout emits, and what it is told.
#include "worker/executor/spout_task.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
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
using testing::HasSubstr;
using testing::IsEmpty;

constexpr SpoutRef kSelf{.task = 9, .incarnation = 5};

class FunctionSpout final : public Spout {
 public:
  std::function<void(SpoutCollector&)> emit = [](SpoutCollector&) {};
  std::function<void(const std::string&)> heard = [](const std::string&) {};
  std::vector<std::string> told;

  Next next_tuple(SpoutCollector& out) override {
    emit(out);
    return Next::emitted();
  }
  void ack(MessageId id) override { note("ack " + std::to_string(id.value)); }
  void fail(MessageId id, const FailReason& reason) override {
    note("fail " + std::to_string(id.value) + " " + reason.to_string());
  }

 private:
  void note(const std::string& text) {
    told.push_back(text);
    heard(text);
  }
};

class SpoutTaskTest : public testing::Test {
 protected:
  SpoutTaskTest() {
    auto user = std::make_unique<FunctionSpout>();
    user_ = user.get();
    task_ = std::make_unique<SpoutTask>(
        bench_.core, "spout", kSelf.task, std::vector<const detail::StreamInfo*>{&number_stream()},
        std::move(user), Tracker::Options{.self = kSelf, .own_worker = 1, .guard = 77, .ring = 8},
        3);
    wire();
  }
  void wire() { task_->wired(&task_->tracker()); }
  void emit(std::vector<std::uint64_t> ids) {
    user_->emit = [ids = std::move(ids)](SpoutCollector& out) {
      for (const std::uint64_t id : ids) {
        out.emit(MessageId{id}, std::int64_t{1});
      }
    };
    task_->next();
    task_->run_callbacks();
  }
  /// Acks all rows of all batches sent, each as its receiver would.
  void receive_all() {
    task_->flush_batches();
    Bench remote(2);
    for (Batch* batch : std::exchange(bench_.out.batches, {})) {
      const auto bolt = make_bolt(remote, batch->to.task,
                                  [](const Tuple& in, BoltCollector& out) { out.ack(in); });
      bolt->wired(nullptr);
      bolt->process(batch);
    }
    remote.core.records.flush();
    remote.out.tell(task_->tracker());
    task_->run_callbacks();
  }

  Bench bench_;
  std::unique_ptr<SpoutTask> task_;
  FunctionSpout* user_ = nullptr;
};

TEST_F(SpoutTaskTest, AcksAMessageThatNobodyWantsAtOnce) {
  emit({100});
  EXPECT_THAT(user_->told, ElementsAre("ack 100"));
}

TEST_F(SpoutTaskTest, FollowsAMessageToOneTask) {
  subscribe(*task_, {{.task = 4, .worker = 1, .instance = 1}});
  wire();
  emit({100, 101, 102});
  EXPECT_THAT(user_->told, IsEmpty());
  EXPECT_FALSE(task_->may_emit()) << "three are its limit";
  receive_all();
  EXPECT_THAT(user_->told, ElementsAre("ack 100", "ack 101", "ack 102"));
  EXPECT_TRUE(task_->may_emit());
}

// Otherwise an ack of one would cancel the other.
TEST_F(SpoutTaskTest, GivesEachDestinationItsOwnEdge) {
  subscribe(*task_,
            {{.task = 4, .worker = 1, .instance = 1}, {.task = 5, .worker = 1, .instance = 1}},
            Grouping::Kind::all);
  subscribe(*task_, {{.task = 6, .worker = 2, .instance = 1}});
  wire();
  emit({100});
  task_->flush_batches();
  std::set<std::uint64_t> edges;
  for (const Batch* batch : bench_.out.batches) {
    edges.insert(batch->runs.at(0).edge);
  }
  EXPECT_EQ(edges.size(), 3u);
  receive_all();
  EXPECT_THAT(user_->told, ElementsAre("ack 100"));
}

TEST_F(SpoutTaskTest, HearsOfALostWorker) {
  subscribe(*task_, {{.task = 4, .worker = 2, .instance = 1}});
  wire();
  emit({100});
  task_->tracker().peer_lost(2, 1);
  task_->run_callbacks();
  EXPECT_THAT(user_->told, ElementsAre(HasSubstr("fail 100 peer_lost")));
}

TEST_F(SpoutTaskTest, TellsOfTwoRootsWithOneIdTwice) {
  emit({100, 100});
  EXPECT_THAT(user_->told, ElementsAre("ack 100", "ack 100"));
}

TEST_F(SpoutTaskTest, EmitsUntrackedWithoutARoot) {
  subscribe(*task_, {{.task = 4, .worker = 1, .instance = 1}});
  wire();
  user_->emit = [](SpoutCollector& out) { out.emit(kUnanchored, std::int64_t{1}); };
  task_->next();
  task_->flush_batches();
  ASSERT_EQ(bench_.out.batches.size(), 1u);
  EXPECT_THAT(bench_.out.batches[0]->runs, IsEmpty());
  EXPECT_EQ(task_->tracker().pending(), 0u);
  EXPECT_EQ(task_->counters().unfollowed.get(), 1u);
}

TEST_F(SpoutTaskTest, FailsAMessageThatGoesDirectlyToNoSubscriber) {
  user_->emit = [](SpoutCollector& out) {
    out.emit_direct(44, StreamId{0}, MessageId{100}, std::int64_t{1});
  };
  task_->next();
  task_->run_callbacks();
  EXPECT_THAT(user_->told, ElementsAre(HasSubstr("fail 100 exception")));
  EXPECT_THAT(bench_.errors.last("spout"), HasSubstr("44"));
}

TEST_F(SpoutTaskTest, AcksAtOnceWhenNobodyFollows) {
  bench_.core.options.acking = false;
  subscribe(*task_, {{.task = 4, .worker = 1, .instance = 1}});
  wire();
  emit({100});
  EXPECT_THAT(user_->told, ElementsAre("ack 100"));
  task_->flush_batches();
  EXPECT_THAT(bench_.out.batches[0]->runs, IsEmpty());
}

// Else a spout that replays what fails at once would never end.
TEST_F(SpoutTaskTest, TellsNextTimeOfWhatACallbackEmitted) {
  int replays = 0;
  user_->heard = [&](const std::string&) {
    if (++replays < 3) {
      task_->collector().emit(MessageId{200}, std::int64_t{1});
    }
  };
  emit({100});
  EXPECT_THAT(user_->told, ElementsAre("ack 100"));
  task_->run_callbacks();
  EXPECT_THAT(user_->told, ElementsAre("ack 100", "ack 200"));
  task_->run_callbacks();
  task_->run_callbacks();
  EXPECT_EQ(user_->told.size(), 3u);
}

// The root that an emit in a callback opens may take the slot of the one that is being told.
TEST_F(SpoutTaskTest, TellsTheRightMessagesWhileCallbacksReuseTheirSlots) {
  subscribe(*task_, {{.task = 4, .worker = 1, .instance = 1}});
  wire();
  std::uint64_t next = 1000;
  user_->heard = [&](const std::string&) {
    task_->collector().emit(MessageId{next++}, std::int64_t{1});
  };
  emit({1, 2, 3, 4, 5, 6, 7, 8});
  receive_all();
  EXPECT_THAT(user_->told,
              ElementsAre("ack 1", "ack 2", "ack 3", "ack 4", "ack 5", "ack 6", "ack 7", "ack 8"));
  EXPECT_EQ(task_->tracker().pending(), 8u);
}

TEST_F(SpoutTaskTest, GoesOnAfterAnExceptionInACallback) {
  user_->heard = [](const std::string&) { throw std::runtime_error("in a callback"); };
  emit({100, 101});
  EXPECT_THAT(user_->told, ElementsAre("ack 100", "ack 101"));
  EXPECT_THAT(bench_.errors.last("spout"), HasSubstr("in a callback"));
}

TEST_F(SpoutTaskTest, TakesAnExceptionFromNextTupleForIdle) {
  user_->emit = [](SpoutCollector&) { throw std::runtime_error("no source"); };
  EXPECT_EQ(task_->next().kind(), Next::Kind::idle);
  EXPECT_THAT(bench_.errors.last("spout"), HasSubstr("no source"));
}

TEST_F(SpoutTaskTest, CountsReplaysAndDeadLettersApart) {
  emit({100});
  task_->note_replay();
  emit({100});
  EXPECT_EQ(task_->counters().messages.get(), 1u);
  EXPECT_EQ(task_->counters().replayed.get(), 1u);
  EXPECT_EQ(task_->counters().acked.get(), 2u);
  subscribe(*task_, {{.task = 4, .worker = 1, .instance = 1}});
  wire();
  user_->heard = [&](const std::string&) { task_->note_dead_letter(); };
  emit({101});
  task_->tracker().fail(2, FailureCode::explicit_, 4, 0);
  task_->run_callbacks();
  EXPECT_EQ(task_->counters().dead_lettered.get(), 1u);
}

}  // namespace
}  // namespace rafale::worker
