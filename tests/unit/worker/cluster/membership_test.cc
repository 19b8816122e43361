// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Who is dead, who is ready and where they are.
#include "worker/cluster/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Fit = Membership::Fit;

AssignedWorker worker(std::uint32_t number, std::uint32_t base, std::string host = "a") {
  return {.number = number,
          .instance_base = base,
          .supervisor = "s-" + host,
          .host = host,
          .port = static_cast<std::uint16_t>(6700 + number),
          .executors = {{"bolt", number + 1, number + 1}}};
}

TopologyAssignment assignment(std::uint32_t epoch, std::vector<AssignedWorker> workers) {
  return {.topology = "t-1", .epoch = epoch, .workers = std::move(workers)};
}

Membership members_of_worker_0() {
  return Membership({.worker = 0, .instance = 1024, .host = "a", .supervisor = "s-a"});
}

TEST(Membership, TheFirstAssignmentLosesNobody) {
  Membership members = members_of_worker_0();
  EXPECT_THAT(members.learn({{1, 1026}}), IsEmpty()) << "nothing was sent to anybody yet";
  EXPECT_THAT(members.adopt(assignment(1, {worker(0, 1024), worker(1, 1024), worker(2, 1024)})),
              IsEmpty());
  EXPECT_EQ(members.instance_of(1), 1026u);
  EXPECT_EQ(members.instance_of(2), 1024u);
}

TEST(Membership, ANewerInstanceMakesTheOlderOnesDeadOnce) {
  Membership members = members_of_worker_0();
  members.adopt(assignment(1, {worker(0, 1024), worker(1, 1024)}));
  EXPECT_THAT(members.learn({{1, 1024}}), IsEmpty()) << "it was known by its base";
  EXPECT_THAT(members.learn({{1, 1026}}), ElementsAre(std::pair(1u, 1025u)));
  EXPECT_THAT(members.learn({{1, 1026}}), IsEmpty());
  EXPECT_THAT(members.learn({{1, 1025}}), IsEmpty()) << "late news";
  EXPECT_EQ(members.peers().front().instance, 1026u);
}

TEST(Membership, AWorkerThatIsPlacedAnewOrLeavesIsLost) {
  Membership members = members_of_worker_0();
  members.adopt(assignment(1, {worker(0, 1024), worker(1, 1024), worker(2, 1024)}));
  members.learn({{2, 1027}});
  EXPECT_THAT(members.adopt(assignment(3, {worker(0, 1024), worker(1, 3072, "b")})),
              ElementsAre(std::pair(1u, 3071u), std::pair(2u, 1027u)));
  EXPECT_THAT(
      members.adopt(assignment(4, {worker(0, 1024), worker(1, 3072, "b"), worker(2, 4096)})),
      IsEmpty())
      << "it was given up before";
  EXPECT_EQ(members.instance_of(2), 4096u);
}

TEST(Membership, KnowsWhenThisProcessIsNotMeantAnyMore) {
  Membership members = members_of_worker_0();
  EXPECT_EQ(members.fit(assignment(1, {worker(1, 1024)})), Fit::elsewhere);
  EXPECT_EQ(members.fit(assignment(1, {worker(0, 2048)})), Fit::elsewhere);
  EXPECT_EQ(members.fit(assignment(1, {worker(0, 0)})), Fit::elsewhere) << "1024 are enough";
  EXPECT_EQ(members.fit(assignment(1, {worker(0, 1024, "b")})), Fit::elsewhere);
  EXPECT_EQ(members.fit(assignment(1, {worker(0, 1000)})), Fit::ours);
  members.adopt(assignment(1, {worker(0, 1024)}));
  EXPECT_EQ(members.fit(assignment(2, {worker(0, 1024), worker(1, 2048)})), Fit::ours);
  AssignedWorker changed = worker(0, 1024);
  changed.executors.push_back({"bolt", 7, 8});
  EXPECT_EQ(members.fit(assignment(2, {changed})), Fit::other_tasks);
}

TEST(Membership, HearsOfItsOwnSuccessor) {
  Membership members = members_of_worker_0();
  members.learn({{0, 1024}});
  EXPECT_EQ(members.fenced_by(), 0u);
  members.learn({{0, 1025}});
  EXPECT_EQ(members.fenced_by(), 1025u);
}

TEST(Membership, OnlyTheNewestInstanceOfAPeerCountsAsReady) {
  Membership members = members_of_worker_0();
  members.adopt(assignment(1, {worker(0, 1024), worker(1, 1024), worker(2, 1024)}));
  members.ready(1, 1024);
  members.ready(2, 1024);
  EXPECT_EQ(members.ready_peers(), 2u);
  members.learn({{1, 1025}});
  EXPECT_EQ(members.ready_peers(), 1u);
  members.ready(1, 1025);
  EXPECT_EQ(members.ready_peers(), 2u);
  members.down(2, 1024);
  EXPECT_EQ(members.ready_peers(), 1u);
}

TEST(Membership, PeersOfTheSameHostAreReachedByTheirSockets) {
  Membership members = members_of_worker_0();
  members.adopt(assignment(
      1, {worker(0, 1024), worker(1, 1024), worker(2, 1024, "b"), worker(3, 1024, "fe80::1")}));
  EXPECT_EQ(members.peers()[0].address, "a:6701");
  EXPECT_TRUE(members.learn_sockets({{"s-a", "/run/a"}, {"s-b", "/run/b"}}));
  EXPECT_FALSE(members.learn_sockets({{"s-a", "/run/a"}}));
  EXPECT_THAT(members.peers(),
              ElementsAre(Peer{1, 1024, "unix:/run/a/6701.sock"}, Peer{2, 1024, "b:6702"},
                          Peer{3, 1024, "[fe80::1]:6703"}));
}

TEST(Membership, MergedNewsKeepTheNewestOfEverything) {
  ClusterNews news;
  news.merge({.assignment = assignment(5, {}), .current = {{1, 7}}});
  news.merge({.assignment = assignment(4, {}), .current = {{1, 6}, {2, 1}}});
  news.merge({.stop = true, .stop_within_ms = 30});
  EXPECT_EQ(news.assignment->epoch, 5u);
  EXPECT_THAT(news.current, ElementsAre(std::pair(1u, 7u), std::pair(2u, 1u)));
  EXPECT_TRUE(news.stop);
  EXPECT_EQ(news.stop_within_ms, 30u);
}

}  // namespace
}  // namespace rafale::worker
