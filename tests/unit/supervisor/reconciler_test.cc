// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The life of a slot, transition by transition.

#include "supervisor/reconciler.h"

#include <gtest/gtest.h>

namespace rafale::supervisor {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kPort = 6700;

Desired desired(std::uint32_t base = 1024) {
  return {"t-1", "t", 0, base, {{"a", 1, 1}}, "plugin", "spec"};
}

class ReconcilerTest : public testing::Test {
 protected:
  const Slot& slot() const { return reconciler_.slots().at(kPort); }
  template <class A>
  static int count(const std::vector<Action>& actions) {
    int found = 0;
    for (const Action& action : actions) found += std::holds_alternative<A>(action);
    return found;
  }
  std::vector<Action> want(std::optional<Desired> wanted) {
    std::map<std::uint32_t, Desired> all;
    if (wanted) all[kPort] = *wanted;
    return reconciler_.want(all, now_);
  }
  /// From empty to running.
  void run() {
    EXPECT_EQ(count<Fetch>(want(desired())), 1);
    EXPECT_EQ(count<LaunchWorker>(reconciler_.fetched(kPort, "", now_)), 1);
    EXPECT_EQ(count<Remember>(reconciler_.launched(kPort, 77, 5, "token", now_)), 1);
    reconciler_.reported(kPort, "running", 1, "", now_);
    EXPECT_EQ(slot().state, SlotState::running);
  }

  std::int64_t now_ = 1000 * kSecond;
  Reconciler reconciler_{{kPort}, Reconciler::Options()};
};

TEST_F(ReconcilerTest, FetchesLaunchesAndRuns) {
  run();
  EXPECT_EQ(slot().instance, 1024u);
  EXPECT_TRUE(want(desired()).empty()) << "nothing to do";
}

TEST_F(ReconcilerTest, RaisesTheInstanceAtTheDeathAndStartsAgainAfterAPause) {
  run();
  const auto died = reconciler_.exited(kPort, "signal 9 (Killed)", "words", now_);
  EXPECT_EQ(count<WorkerDied>(died), 1);
  EXPECT_EQ(slot().instance, 1025u);
  EXPECT_EQ(slot().state, SlotState::backoff);
  EXPECT_EQ(slot().last_exit, "signal 9 (Killed)");
  EXPECT_EQ(count<Fetch>(reconciler_.tick(now_ + kSecond / 20)), 0);
  EXPECT_EQ(count<Fetch>(reconciler_.tick(now_ + kSecond / 10)), 1);
}

TEST_F(ReconcilerTest, PausesLongerAfterEachDeathUpToAMinute) {
  run();
  std::int64_t last = 0;
  for (int death = 0; death < 14; ++death) {
    reconciler_.exited(kPort, "exit code 1", "", now_);
    const std::int64_t pause = slot().retry_ns - now_;
    EXPECT_GE(pause, last);
    EXPECT_LE(pause, 60 * kSecond);
    last = pause;
    now_ = slot().retry_ns;
    EXPECT_EQ(count<Fetch>(reconciler_.tick(now_)), 1);
    reconciler_.fetched(kPort, "", now_);
    reconciler_.launched(kPort, 77, 5, "token", now_);
  }
  EXPECT_EQ(last, 60 * kSecond);
  EXPECT_EQ(slot().restarts, 14u);
  EXPECT_EQ(slot().instance, 1038u);
  now_ += 61 * kSecond;  // a long life wipes the slate
  reconciler_.exited(kPort, "exit code 1", "", now_);
  EXPECT_EQ(slot().retry_ns - now_, kSecond / 10);
}

TEST_F(ReconcilerTest, KeepsTheProcessWhenOnlyTheEpochChanged) {
  run();
  EXPECT_TRUE(want(desired()).empty());
  EXPECT_EQ(slot().pid, 77u);
}

TEST_F(ReconcilerTest, ReplacesTheProcessPolitelyWhenItsTasksChanged) {
  run();
  EXPECT_EQ(count<StopWorker>(want(desired(2048))), 1);
  EXPECT_EQ(slot().state, SlotState::stopping);
  const auto ended = reconciler_.exited(kPort, "exit code 0", "", now_);
  EXPECT_EQ(count<Fetch>(ended), 1) << "the next is under way at once";
  EXPECT_EQ(slot().instance, 2048u);
  EXPECT_EQ(slot().restarts, 0u);
}

TEST_F(ReconcilerTest, KillsWhatDoesNotEndInTime) {
  run();
  want(std::nullopt);
  EXPECT_EQ(count<KillWorker>(reconciler_.tick(now_ + 9 * kSecond)), 0);
  EXPECT_EQ(count<KillWorker>(reconciler_.tick(now_ + 10 * kSecond)), 1);
  EXPECT_EQ(slot().state, SlotState::stopping) << "not empty before it has ended";
  EXPECT_EQ(count<ClearSlot>(reconciler_.exited(kPort, "signal 9 (Killed)", "", now_)), 1);
  EXPECT_EQ(slot().state, SlotState::empty);
}

TEST_F(ReconcilerTest, KillsWhatDoesNotComeUpInTime) {
  want(desired());
  reconciler_.fetched(kPort, "", now_);
  reconciler_.launched(kPort, 77, 5, "token", now_);
  EXPECT_EQ(count<KillWorker>(reconciler_.tick(now_ + 30 * kSecond)), 1);
  reconciler_.exited(kPort, "signal 9 (Killed)", "", now_ + 30 * kSecond);
  EXPECT_NE(slot().last_exit.find("did not come up"), std::string::npos);
}

TEST_F(ReconcilerTest, ShowsWhatAWorkerSaidOfItsEnd) {
  run();
  reconciler_.reported(kPort, "failed", 1, "prepare() failed: no table", now_);
  reconciler_.exited(kPort, "exit code 20", "", now_);
  EXPECT_EQ(slot().last_exit, "exit code 20: prepare() failed: no table");
}

TEST_F(ReconcilerTest, TriesAFailedFetchAgainWithoutRaisingTheInstance) {
  want(desired());
  reconciler_.fetched(kPort, "no Nimbus answers", now_);
  EXPECT_EQ(slot().state, SlotState::backoff);
  EXPECT_EQ(count<Fetch>(reconciler_.tick(now_ + kSecond)), 1);
  EXPECT_EQ(slot().instance, 1024u);
}

TEST_F(ReconcilerTest, LeavesAPortAloneThatAnotherProgramHas) {
  want(desired());
  reconciler_.fetched(kPort, "", now_);
  reconciler_.not_launched(kPort, "port 6700 is in use by another program", true, now_);
  EXPECT_EQ(slot().state, SlotState::unusable);
  EXPECT_EQ(count<ClearSlot>(want(std::nullopt)), 1);
  EXPECT_EQ(slot().state, SlotState::empty);
}

TEST_F(ReconcilerTest, GoesOnWithAWorkerOfAnEarlierSupervisor) {
  Slot found;
  found.port = kPort;
  found.wanted = desired();
  found.instance = 1027;
  found.pid = 99;
  EXPECT_TRUE(reconciler_.restore(found, true, now_).empty());
  EXPECT_EQ(slot().state, SlotState::running);
  EXPECT_TRUE(reconciler_.tick(now_).empty()) << "before the assignments were read";
  EXPECT_TRUE(want(desired()).empty());
  reconciler_.exited(kPort, "ended", "", now_);
  EXPECT_EQ(slot().instance, 1028u);
}

TEST_F(ReconcilerTest, AWorkerThatEndedWhileNoSupervisorRanIsReplacedByANewerInstance) {
  Slot found;
  found.port = kPort;
  found.wanted = desired();
  found.instance = 1027;
  found.pid = 99;
  const auto actions = reconciler_.restore(found, false, now_);
  ASSERT_EQ(count<WorkerDied>(actions), 1);
  EXPECT_EQ(std::get<WorkerDied>(actions[0]).dead, (coord::InstanceId{"t-1", 0, 1027}));
  EXPECT_EQ(count<Remember>(actions), 1);
  EXPECT_EQ(slot().instance, 1028u);
  EXPECT_EQ(slot().pid, 0u);
  EXPECT_EQ(count<Fetch>(want(desired())), 1) << "at once";
}

TEST_F(ReconcilerTest, AnInstanceThatMayHaveBeenStartedUnrememberedIsNotStartedAgain) {
  Slot found;
  found.port = kPort;
  found.wanted = desired();
  found.instance = 1024;  // written before the launch, without a process
  EXPECT_EQ(count<WorkerDied>(reconciler_.restore(found, false, now_)), 0);
  EXPECT_EQ(slot().instance, 1025u);
}

TEST_F(ReconcilerTest, EndsAllWorkersWhenItIsToldTo) {
  run();
  EXPECT_EQ(count<StopWorker>(reconciler_.stop_all(now_)), 1);
  EXPECT_EQ(count<Fetch>(reconciler_.exited(kPort, "exit code 0", "", now_)), 0);
  EXPECT_EQ(slot().state, SlotState::empty);
}

}  // namespace
}  // namespace rafale::supervisor
