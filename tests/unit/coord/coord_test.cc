// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// State, election and registration on the twin in memory.

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "common/clock.h"
#include "coord/cluster_codec.h"
#include "coord/cluster_state.h"
#include "coord/election.h"
#include "coord/memory_store.h"
#include "coord/registration.h"
#include "coord/zookeeper_store.h"

namespace rafale::coord {
namespace {

/// Waits for conditions that threads of the code under test bring about.
class Signal {
 public:
  void ring() { changed_.notify_all(); }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    for (int i = 0; i < 3000; ++i) {
      if (condition()) return true;
      changed_.wait_for(lock, std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class CoordTest : public testing::Test {
 protected:
  CoordTest() { EXPECT_TRUE(state_.prepare().ok()); }
  LeaderToken lead() {
    EXPECT_TRUE(store_.create("/rafale/election/me", "", Persistence::ephemeral).ok());
    return {"/rafale/election/me", store_.get("/rafale/election/me")->created};
  }
  TopologyRecord record(const std::string& name) {
    TopologyRecord record;
    record.id = name + "-1";
    record.name = name;
    return record;
  }

  MemoryTree tree_;
  MemoryStore store_{tree_};
  ClusterState state_{store_, "/rafale"};
  Signal signal_;
};

TEST_F(CoordTest, ATopologyIsAddedWithNameAssignmentAndAnswerOrNotAtAll) {
  const LeaderToken leader = lead();
  Assignment assignment;
  assignment.topology = "t-1";
  assignment.epoch = 1;
  ASSERT_TRUE(state_.add_topology(leader, record("t"), assignment, {"r1", 0, "", "t-1", 1}).ok());
  EXPECT_EQ(state_.topology("t-1")->value.name, "t");
  EXPECT_EQ(state_.assignment("t-1")->value.epoch, 1u);
  EXPECT_EQ((*state_.request("r1"))->topology, "t-1");
  TopologyRecord twin = record("t");
  twin.id = "t-2";
  EXPECT_TRUE(absl::IsAlreadyExists(
      state_.add_topology(leader, twin, std::nullopt, {"r2", 0, "", "t-2", 1})));
  EXPECT_FALSE(state_.topology("t-2").ok());
  EXPECT_FALSE((*state_.request("r2")).has_value());
}

TEST_F(CoordTest, AWriteOfOneWhoDoesNotLeadAnyMoreChangesNothing) {
  const LeaderToken leader = lead();
  ASSERT_TRUE(state_.add_topology(leader, record("t"), std::nullopt, {"r1", 0, "", "t-1", 1}).ok());
  ASSERT_TRUE(store_.remove("/rafale/election/me", Write::kAny).ok());
  TopologyRecord changed = record("t");
  changed.workers = 9;
  EXPECT_TRUE(absl::IsAborted(state_.put_topology(leader, changed, 0, std::nullopt)));
  EXPECT_EQ(state_.topology("t-1")->value.workers, 1u);
}

TEST_F(CoordTest, AWriteOverAnotherVersionIsRefused) {
  const LeaderToken leader = lead();
  ASSERT_TRUE(state_.add_topology(leader, record("t"), std::nullopt, {"r1", 0, "", "t-1", 1}).ok());
  EXPECT_TRUE(state_.put_topology(leader, record("t"), 0, std::nullopt).ok());
  EXPECT_TRUE(absl::IsAborted(state_.put_topology(leader, record("t"), 0, std::nullopt)));
}

TEST_F(CoordTest, ARemovalLeavesATombstoneAndFreesTheName) {
  const LeaderToken leader = lead();
  ASSERT_TRUE(state_.add_topology(leader, record("t"), std::nullopt, {"r1", 0, "", "t-1", 1}).ok());
  ASSERT_TRUE(state_.add_errors(leader, "t-1", {{"c", "boom", 5, "h", 1, 1}}).ok());
  ASSERT_TRUE(state_.remove_topology(leader, "t-1", {"t-1", 7, {"blob"}}).ok());
  EXPECT_FALSE(state_.topology("t-1").ok());
  EXPECT_EQ(state_.tombstones()->at(0).blobs.at(0), "blob");
  EXPECT_TRUE(state_.add_topology(leader, record("t"), std::nullopt, {"r2", 0, "", "t-1", 1}).ok());
}

TEST_F(CoordTest, ATopologyOfTheSameNameInTheSameSecondGetsAnotherId) {
  const LeaderToken leader = lead();
  const auto first = state_.new_topology_id("t", 5'999);
  ASSERT_EQ(*first, "t-1-5");
  TopologyRecord record;
  record.id = *first;
  record.name = "t";
  ASSERT_TRUE(state_.add_topology(leader, record, std::nullopt, {"r1", 0, "", *first, 1}).ok());
  EXPECT_EQ(*state_.new_topology_id("t", 5'999), "t-2-5");
  ASSERT_TRUE(state_.remove_topology(leader, *first, {*first, 7, {}}).ok());
  EXPECT_EQ(*state_.new_topology_id("t", 5'999), "t-2-5")
      << "its processes may run still, and its tombstone could not be put a second time";
}

TEST_F(CoordTest, ErrorsKeepTheNewestFifty) {
  const LeaderToken leader = lead();
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(state_.add_errors(leader, "t-1", {{"c", "e", i, "h", 1, 1}}).ok());
  }
  const auto errors = state_.errors("t-1");
  ASSERT_EQ(errors->size(), 50u);
  EXPECT_EQ(errors->front().at_unix_ms, 59);
}

TEST_F(CoordTest, APayloadOfAnotherLayoutOrNoneIsRefusedWithItsNode) {
  ASSERT_TRUE(store_.create("/rafale/topologies/x", "\x02zzz", Persistence::persistent).ok());
  const auto read = state_.topology("x");
  EXPECT_TRUE(absl::IsDataLoss(read.status()));
  EXPECT_NE(read.status().message().find("/rafale/topologies/x"), std::string::npos);
  EXPECT_NE(read.status().message().find("layout 2"), std::string::npos);
}

TEST_F(CoordTest, PayloadsAreFrozen) {
  // These bytes lie in the ZooKeeper of running clusters: they must be read for ever.
  NimbusInfo nimbus{"id", "host", 6627, "0.1.0", 1, 5, 8080};
  EXPECT_EQ(encode(nimbus), std::string("\x01\x0a\x02id\x12\x04host\x18\xe3\x33\x22\x05"
                                        "0.1.0\x28\x01\x30\x05\x38\x90\x3f",
                                        28));
  Assignment assignment;
  assignment.topology = "t";
  assignment.epoch = 2;
  assignment.workers.push_back({1, 2048, "s", "h", 6700, {{"c", 3, 4}}});
  EXPECT_EQ(encode(assignment),
            std::string("\x01\x0a\x01t\x10\x02\x18\x01\x22\x17\x08\x01\x10\x80\x10\x1a\x01s\x22\x01"
                        "h\x28\xac\x34\x32\x07\x0a\x01"
                        "c\x10\x03\x18\x04",
                        33));
  EXPECT_EQ(*decode<Assignment>(encode(assignment)), assignment);
}

TEST_F(CoordTest, TheFirstCandidateLeadsAndTheNextFollowsWhenItGoes) {
  MemoryStore other_store(tree_);
  ClusterState other_state(other_store, "/rafale");
  auto first = Election::start(state_, {.id = "a", .host = "a"}, [this] { signal_.ring(); });
  ASSERT_TRUE(signal_.wait([&] { return first->token().has_value(); }));
  auto second = Election::start(other_state, {.id = "b", .host = "b"}, [this] { signal_.ring(); });
  ASSERT_TRUE(signal_.wait([&] { return second->leader().has_value(); }));
  EXPECT_EQ(second->leader()->host, "a");
  EXPECT_FALSE(second->token().has_value());
  first->resign();
  EXPECT_FALSE(first->token().has_value());
  EXPECT_TRUE(signal_.wait([&] { return second->token().has_value(); }));
}

TEST_F(CoordTest, ALeaderWhoseSessionExpiredLosesItsTokenAndRunsAgain) {
  MemoryStore other_store(tree_);
  ClusterState other_state(other_store, "/rafale");
  auto first = Election::start(state_, {.id = "a", .host = "a"}, [this] { signal_.ring(); });
  ASSERT_TRUE(signal_.wait([&] { return first->token().has_value(); }));
  const LeaderToken old = *first->token();
  auto second = Election::start(other_state, {.id = "b", .host = "b"}, [this] { signal_.ring(); });
  ASSERT_TRUE(signal_.wait([&] { return second->leader().has_value(); }));
  store_.expire();
  EXPECT_TRUE(signal_.wait([&] { return second->token().has_value(); }));
  EXPECT_GT(second->token()->created, old.created) << "epochs of leaders rise";
  EXPECT_TRUE(signal_.wait([&] { return first->leader() && first->leader()->host == "b"; }));
  EXPECT_FALSE(first->token().has_value());
}

TEST_F(CoordTest, ALeaderThatCannotBeUnderstoodLeadsStill) {
  const std::string newer = "/rafale/election/n-newer";
  ASSERT_TRUE(store_.create(newer, "\x07 another layout", Persistence::ephemeral).ok());
  auto election = Election::start(state_, {.id = "a", .host = "a"}, [this] { signal_.ring(); });
  ASSERT_TRUE(signal_.wait([&] { return store_.children("/rafale/election")->size() == 2; }));
  const std::string own = "/rafale/election/" + (*store_.children("/rafale/election"))[0];
  ASSERT_NE(own, newer);
  const ElectionStep step = step_of_election(store_, "/rafale/election", own, {.id = "a"});
  ASSERT_TRUE(step.standing.has_value());
  EXPECT_FALSE(step.standing->token.has_value());
  EXPECT_FALSE(step.standing->leader.has_value());
  EXPECT_FALSE(election->token().has_value());
  ASSERT_TRUE(store_.remove(newer, Write::kAny).ok());
  EXPECT_TRUE(signal_.wait([&] { return election->token().has_value(); }));
}

TEST_F(CoordTest, ALeaderWhoseLeaseIsOverDoesNotLead) {
  auto election = Election::start(state_, {.id = "a"}, [this] { signal_.ring(); });
  ASSERT_TRUE(signal_.wait([&] { return election->token().has_value(); }));
  store_.set_lease(1);
  EXPECT_FALSE(election->token().has_value());
}

TEST_F(CoordTest, ARegistrationComesBackAfterAnExpiryARemovalAndALostAnswer) {
  const std::string path = state_.supervisor_path("s");
  auto registration = Registration::start(store_, path, "me");
  ASSERT_TRUE(signal_.wait([&] { return registration->held(); }));
  store_.expire();
  EXPECT_TRUE(signal_.wait([&] {
    const auto node = store_.get(path);
    return node.ok() && node->ephemeral_owner == store_.session();
  }));
  store_.lose_next_answer();
  tree_.apply({Write::remove(path)}, 0).IgnoreError();
  EXPECT_TRUE(signal_.wait([&] { return store_.get(path).ok() && registration->held(); }));
}

TEST_F(CoordTest, ARegistrationReplacesANodeOfADeadSession) {
  const std::string path = state_.supervisor_path("s");
  MemoryStore ghost(tree_);
  ASSERT_TRUE(ghost.create(path, "old", Persistence::ephemeral).ok());
  auto registration = Registration::start(store_, path, "me");
  EXPECT_TRUE(
      signal_.wait([&] { return store_.get(path).ok() && store_.get(path)->data == "me"; }));
}

TEST_F(CoordTest, NothingIsWrittenWhileTheStoreIsAway) {
  store_.suspend();
  EXPECT_TRUE(absl::IsUnavailable(store_.create("/x", "", Persistence::persistent)));
  store_.resume();
  EXPECT_TRUE(store_.create("/x", "", Persistence::persistent).ok());
}

TEST_F(CoordTest, DataThatIsTooLargeIsRefusedBeforeItIsSent) {
  EXPECT_TRUE(absl::IsResourceExhausted(
      store_.create("/x", std::string(70'000, 'x'), Persistence::persistent)));
}

TEST(ZookeeperStore, IsNotReachedUnencryptedOverANetwork) {
  const common::SystemClock clock;
  for (const char* servers : {"192.0.2.1:2181", "127.0.0.1:2181,192.0.2.1:2181"}) {
    const auto store = connect_to_zookeeper({.servers = servers}, clock);
    EXPECT_TRUE(absl::IsFailedPrecondition(store.status())) << servers;
  }
}

}  // namespace
}  // namespace rafale::coord
