// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Who is given up and when, and the steps of a kill and a rebalance.

#include "nimbus/coordinator.h"

#include <gtest/gtest.h>

#include "nimbus/changes.h"

namespace rafale::nimbus {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// A cluster of two supervisors and one topology with two workers; what is decided is written.
class CoordinatorTest : public testing::Test {
 protected:
  CoordinatorTest() {
    for (const char* id : {"s0", "s1"}) {
      coord::SupervisorInfo info;
      info.id = id;
      info.host = id;
      info.slot_ports = {6700, 6701};
      view_.supervisors.push_back(info);
    }
    record_.id = "t-1";
    record_.name = "t";
    record_.workers = 2;
    record_.wait_ms = 30'000;
    spec_.components = {{"in", true, 1, 1, 1, ""}, {"out", false, 1, 1, 2, ""}};
    view_.topologies["t-1"] = {record_, 0};
    coordinator_.read(view_, now_);
    coordinator_.know_spec("t-1", spec_);
    step();
  }

  /// Decides and writes until nothing is left to do.
  void step() {
    for (int round = 0; round < 5; ++round) {
      const auto actions = coordinator_.decide(now_);
      if (actions.empty()) return;
      for (const Action& action : actions) {
        if (const auto* put = std::get_if<PutAssignment>(&action)) {
          auto& entry = view_.assignments[put->assignment.topology];
          entry = {put->assignment, entry.version + 1};
        } else if (const auto* record = std::get_if<PutRecord>(&action)) {
          view_.topologies[record->record.id].value = record->record;
        } else {
          view_.topologies.erase(std::get<RemoveTopology>(action).id);
          view_.assignments.erase(std::get<RemoveTopology>(action).id);
        }
      }
      coordinator_.read(view_, now_);
    }
    FAIL() << "it never comes to rest";
  }
  void pass(std::int64_t seconds) { now_ += seconds * kSecond; }
  void supervisor_speaks(const std::string& id) {
    SupervisorBeat beat;
    for (const auto& info : view_.supervisors) {
      if (info.id == id) beat.info = info;
    }
    coordinator_.hear(beat, now_);
  }
  /// Nothing comes of one that is not assigned.
  void worker_speaks(std::uint32_t number, std::uint64_t pending = 0) {
    const coord::Assignment& assignment = this->assignment();
    if (number >= assignment.workers.size()) return;
    coordinator_.hear(WorkerBeat{.topology = "t-1",
                                 .worker = number,
                                 .instance = assignment.workers[number].instance_base,
                                 .adopted_epoch = assignment.epoch,
                                 .state = "running",
                                 .spouts_open = true,
                                 .pending = pending},
                      now_);
  }
  const coord::Assignment& assignment() { return view_.assignments.at("t-1").value; }
  void order(coord::TopologyState state) {
    view_.topologies["t-1"].value.state = state;
    coordinator_.read(view_, now_);
  }

  std::int64_t now_ = 100 * kSecond;
  ClusterView view_;
  coord::TopologyRecord record_;
  coord::TopologySpec spec_;
  Coordinator coordinator_{Coordinator::Options()};
};

TEST_F(CoordinatorTest, PlacesANewTopologyOnBothSupervisors) {
  ASSERT_EQ(assignment().workers.size(), 2u);
  EXPECT_NE(assignment().workers[0].supervisor, assignment().workers[1].supervisor);
  EXPECT_TRUE(assignment().spouts_active);
}

TEST_F(CoordinatorTest, GivesUpAWorkerWhenNeitherItNorItsSupervisorIsHeard) {
  const std::string lost = assignment().workers[0].supervisor;
  const std::string other = assignment().workers[1].supervisor;
  pass(6);
  supervisor_speaks(other);
  worker_speaks(1);
  step();
  EXPECT_EQ(assignment().epoch, 2u);
  EXPECT_EQ(assignment().workers[0].supervisor, other);
  EXPECT_EQ(assignment().workers[0].instance_base, 2048u);
  EXPECT_EQ(assignment().workers[1].instance_base, 1024u) << "the other keeps its process";
}

TEST_F(CoordinatorTest, TakesNothingFromAnybodyWhenNobodyIsHeard) {
  const auto before = assignment();
  pass(120);
  step();
  EXPECT_EQ(assignment(), before) << "it may be this Nimbus that is cut off";
  supervisor_speaks("s0");
  step();
  for (const auto& worker : assignment().workers) EXPECT_EQ(worker.supervisor, "s0");
}

TEST_F(CoordinatorTest, ARebalanceWaitsForASlotWhenThereIsNone) {
  pass(120);
  ASSERT_TRUE(ask_rebalance(view_.topologies["t-1"].value, spec_, {.workers = 1}).ok());
  coordinator_.read(view_, now_);
  step();
  EXPECT_EQ(view_.topologies.at("t-1").value.state, coord::TopologyState::rebalancing);
  supervisor_speaks("s1");
  step();
  EXPECT_EQ(view_.topologies.at("t-1").value.state, coord::TopologyState::active);
  EXPECT_EQ(assignment().workers.size(), 1u);
}

TEST_F(CoordinatorTest, LeavesAWorkerAloneThatSpeaksThoughItsSupervisorDoesNot) {
  const std::string other = assignment().workers[1].supervisor;
  for (int i = 0; i < 30; ++i) {
    pass(1);
    supervisor_speaks(other);
    worker_speaks(0);
    worker_speaks(1);
    step();
  }
  EXPECT_EQ(assignment().epoch, 1u);
  for (int i = 0; i < 40; ++i) {  // the grace of an orphan is over
    pass(1);
    supervisor_speaks(other);
    worker_speaks(0);
    worker_speaks(1);
  }
  step();
  EXPECT_EQ(assignment().workers[0].supervisor, other);
}

TEST_F(CoordinatorTest, LeavesAWorkerAloneThatIsSilentWhileItsSupervisorSpeaks) {
  for (int i = 0; i < 60; ++i) {
    pass(1);
    supervisor_speaks("s0");
    supervisor_speaks("s1");
    step();
  }
  EXPECT_EQ(assignment().epoch, 1u) << "the supervisor restarts it";
}

TEST_F(CoordinatorTest, JudgesNobodyBeforeALeaderHasListenedLongEnough) {
  pass(60);
  coordinator_.hold(now_);
  step();
  EXPECT_EQ(assignment().epoch, 1u);
  pass(4);
  supervisor_speaks("s0");
  supervisor_speaks("s1");
  pass(2);
  step();
  EXPECT_EQ(assignment().epoch, 1u) << "both were heard meanwhile";
}

TEST_F(CoordinatorTest, MovesAWorkerFromAPortThatAnotherProgramHas) {
  pass(6);
  SupervisorBeat beat;
  beat.info = view_.supervisors[0];
  supervisor_speaks("s1");
  for (const auto& worker : assignment().workers) {
    if (worker.supervisor == "s0") {
      beat.workers.push_back(
          {.topology = "t-1", .worker = worker.number, .port = worker.port, .state = "unusable"});
    }
  }
  const auto before = assignment();
  coordinator_.hear(beat, now_);
  step();
  for (std::size_t i = 0; i < 2; ++i) {
    if (before.workers[i].supervisor == "s0") {
      EXPECT_NE(std::pair(assignment().workers[i].supervisor, assignment().workers[i].port),
                std::pair(before.workers[i].supervisor, before.workers[i].port));
    }
  }
}

TEST_F(CoordinatorTest, KillsWhenAllIsDrainedAndNotBefore) {
  order(coord::TopologyState::killed);
  step();
  EXPECT_FALSE(assignment().spouts_active);
  worker_speaks(0, 7);
  worker_speaks(1);
  step();
  EXPECT_TRUE(view_.topologies.contains("t-1")) << "seven messages are open";
  worker_speaks(0);
  step();
  EXPECT_FALSE(view_.topologies.contains("t-1"));
}

TEST_F(CoordinatorTest, KillsAfterTheWaitThoughSomethingIsOpen) {
  order(coord::TopologyState::killed);
  step();
  pass(31);
  supervisor_speaks("s0");
  supervisor_speaks("s1");
  worker_speaks(0, 7);
  worker_speaks(1);
  step();
  EXPECT_FALSE(view_.topologies.contains("t-1"));
}

TEST_F(CoordinatorTest, RebalancesAfterADrainAndLetsSpoutsGoOn) {
  view_.topologies["t-1"].value.workers = 1;
  order(coord::TopologyState::rebalancing);
  step();
  EXPECT_FALSE(assignment().spouts_active);
  EXPECT_EQ(assignment().workers.size(), 2u);
  worker_speaks(0);
  worker_speaks(1);
  step();
  EXPECT_EQ(assignment().workers.size(), 1u);
  EXPECT_TRUE(assignment().spouts_active);
  EXPECT_EQ(view_.topologies.at("t-1").value.state, coord::TopologyState::active);
}

TEST_F(CoordinatorTest, ARebalanceOfAnInactiveTopologyLeavesItInactive) {
  order(coord::TopologyState::inactive);
  step();
  ASSERT_TRUE(ask_rebalance(view_.topologies["t-1"].value, spec_, {.workers = 1}).ok());
  coordinator_.read(view_, now_);
  worker_speaks(0);
  worker_speaks(1);
  step();
  EXPECT_EQ(assignment().workers.size(), 1u);
  EXPECT_FALSE(assignment().spouts_active);
  EXPECT_EQ(view_.topologies.at("t-1").value.state, coord::TopologyState::inactive);
}

TEST_F(CoordinatorTest, ASecondRebalanceBeforeTheFirstIsOverRemembersTheStateBeforeBoth) {
  order(coord::TopologyState::inactive);
  step();
  ASSERT_TRUE(ask_rebalance(view_.topologies["t-1"].value, spec_, {.workers = 1}).ok());
  ASSERT_TRUE(ask_rebalance(view_.topologies["t-1"].value, spec_, {.workers = 2}).ok());
  coordinator_.read(view_, now_);
  worker_speaks(0);
  worker_speaks(1);
  step();
  EXPECT_EQ(view_.topologies.at("t-1").value.state, coord::TopologyState::inactive);
  ASSERT_TRUE(ask_active(view_.topologies["t-1"].value, true).ok());
  ASSERT_TRUE(ask_rebalance(view_.topologies["t-1"].value, spec_, {.workers = 1}).ok());
  coordinator_.read(view_, now_);
  step();
  worker_speaks(0);
  worker_speaks(1);
  step();
  EXPECT_EQ(view_.topologies.at("t-1").value.state, coord::TopologyState::active)
      << "what was before an earlier rebalance is forgotten";
}

TEST_F(CoordinatorTest, ARebalanceWaitsForADescriptionThatIsNotAtHand) {
  Coordinator fresh{Coordinator::Options()};
  view_.topologies["t-1"].value.workers = 1;
  view_.topologies["t-1"].value.state = coord::TopologyState::rebalancing;
  view_.assignments["t-1"].value.spouts_active = false;
  fresh.read(view_, now_);
  fresh.decide(now_);
  now_ += 31 * kSecond;
  EXPECT_TRUE(fresh.decide(now_).empty()) << "it would be active again, and never rebalanced";
  fresh.know_spec("t-1", spec_);
  fresh.hear(SupervisorBeat{.info = view_.supervisors[0]}, now_);
  EXPECT_EQ(fresh.decide(now_).size(), 2u) << "assignment and record";
}

TEST_F(CoordinatorTest, StopsAndStartsSpoutsByANewEpochOfTheSameWorkers) {
  const auto before = assignment();
  order(coord::TopologyState::inactive);
  step();
  EXPECT_FALSE(assignment().spouts_active);
  EXPECT_EQ(assignment().workers, before.workers);
  order(coord::TopologyState::active);
  step();
  EXPECT_TRUE(assignment().spouts_active);
  EXPECT_EQ(assignment().epoch, 3u);
}

TEST_F(CoordinatorTest, IgnoresTheWordOfALeftover) {
  coordinator_.hear(WorkerBeat{.topology = "t-1", .worker = 0, .instance = 1030}, now_);
  coordinator_.hear(WorkerBeat{.topology = "t-1", .worker = 0, .instance = 1024}, now_);
  EXPECT_EQ(coordinator_.workers().at({"t-1", 0}).beat.instance, 1030u);
  EXPECT_EQ(coordinator_.instances().at({"t-1", 0}), 1030u);
}

}  // namespace
}  // namespace rafale::nimbus
