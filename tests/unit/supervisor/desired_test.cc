// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a machine shall run, and what it must not conclude.

#include "supervisor/desired.h"

#include <gtest/gtest.h>

#include "supervisor/error_outbox.h"

namespace rafale::supervisor {
namespace {

class DesiredTest : public testing::Test {
 protected:
  DesiredTest() {
    coord::Assignment assignment;
    assignment.topology = "t-1";
    assignment.name = "t";
    assignment.plugin_sha256 = "p";
    assignment.spec_sha256 = "s";
    assignment.workers = {{0, 1024, "me", "h", 6700, {{"a", 1, 2}}},
                          {1, 2048, "other", "i", 6700, {{"a", 3, 4}}},
                          {2, 1024, "me", "h", 6702, {{"b", 5, 5}}}};
    reading_.assignments["t-1"] = {assignment, 0};
    reading_.topologies["t-1"] = {};
    slots_[6700].port = 6700;
    slots_[6700].wanted = {"old-1", "old", 3, 512, {}, "p", "s"};
  }
  ClusterReading reading_;
  std::map<std::uint32_t, Slot> slots_;
};

TEST_F(DesiredTest, NamesTheWorkersOfThisMachineByTheirPorts) {
  const auto desired = desired_of("me", reading_, slots_);
  ASSERT_EQ(desired.size(), 2u);
  EXPECT_EQ(desired.at(6700), (Desired{"t-1", "t", 0, 1024, {{"a", 1, 2}}, "p", "s"}));
  EXPECT_EQ(desired.at(6702).worker, 2u);
}

TEST_F(DesiredTest, AWorkerOfATopologyThatIsUnknownGoesOnUntilThereIsATombstone) {
  slots_[6701] = slots_[6700];
  slots_[6701].port = 6701;
  slots_[6701].state = SlotState::running;
  EXPECT_EQ(desired_of("me", reading_, slots_).at(6701), slots_[6701].wanted);
  reading_.tombstones.push_back({"old-1", 0, {}});
  EXPECT_FALSE(desired_of("me", reading_, slots_).contains(6701));
}

TEST_F(DesiredTest, AWorkerEndsWhoseTopologyIsThereAndHasNoAssignmentOrNamesOtherSlots) {
  slots_[6701].port = 6701;
  slots_[6701].state = SlotState::running;
  slots_[6701].wanted.topology = "t-1";
  EXPECT_FALSE(desired_of("me", reading_, slots_).contains(6701));
  slots_[6701].wanted.topology = "t-2";
  reading_.topologies["t-2"] = {};
  EXPECT_FALSE(desired_of("me", reading_, slots_).contains(6701));
}

TEST(ErrorOutbox, AnErrorBetweenAHeartbeatAndItsAnswerGoesWithTheNext) {
  ErrorOutbox outbox;
  outbox.add("a", {.text = "one"});
  outbox.add("b", {.text = "two"});
  ASSERT_EQ(outbox.send().size(), 2u);
  outbox.add("a", {.text = "three"});
  outbox.add("c", {.text = "four"});
  outbox.delivered();
  const auto& next = outbox.send();
  ASSERT_EQ(next.size(), 2u);
  ASSERT_EQ(next.at("a").size(), 1u);
  EXPECT_EQ(next.at("a")[0].text, "three");
  EXPECT_EQ(next.at("c")[0].text, "four");
}

TEST(ErrorOutbox, WhatWasNotAnsweredGoesAgain) {
  ErrorOutbox outbox;
  outbox.add("a", {.text = "one"});
  outbox.send();
  outbox.add("a", {.text = "two"});
  EXPECT_EQ(outbox.send().at("a").size(), 2u);
  outbox.delivered();
  EXPECT_TRUE(outbox.send().empty());
}

TEST(ErrorOutbox, KeepsTheFirstFiftyOfATopology) {
  ErrorOutbox outbox;
  for (int i = 0; i < 60; ++i) outbox.add("a", {.text = std::to_string(i)});
  ASSERT_EQ(outbox.send().at("a").size(), ErrorOutbox::kMost);
  EXPECT_EQ(outbox.send().at("a").back().text, "49");
}

}  // namespace
}  // namespace rafale::supervisor
