// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Evenness, spread, and that what runs stays.

#include "nimbus/scheduler.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/seed.h"

namespace rafale::nimbus {
namespace {

coord::TopologySpec spec_of(const std::vector<std::pair<std::string, std::uint32_t>>& components) {
  coord::TopologySpec spec;
  std::uint32_t first = 1;
  for (const auto& [name, executors] : components) {
    spec.components.push_back({name, spec.components.empty(), executors, executors, first, ""});
    first += executors;
  }
  return spec;
}

std::vector<Slot> slots(std::uint32_t supervisors, std::uint32_t each) {
  std::vector<Slot> free;
  for (std::uint32_t s = 0; s < supervisors; ++s) {
    for (std::uint32_t i = 0; i < each; ++i) {
      free.push_back({"s" + std::to_string(s), "h" + std::to_string(s), 6700 + i});
    }
  }
  return free;
}

coord::TopologyRecord record_of(std::uint32_t workers) {
  coord::TopologyRecord record;
  record.id = "t-1";
  record.name = "t";
  record.workers = workers;
  return record;
}

std::set<coord::ExecutorAssignment> all_of(const coord::Assignment& assignment) {
  std::set<coord::ExecutorAssignment> all;
  for (const auto& worker : assignment.workers) {
    for (const auto& executor : worker.executors) {
      EXPECT_TRUE(all.insert(executor).second) << "an executor runs twice";
    }
  }
  return all;
}

TEST(Scheduler, PutsSpoutAndBoltOfAChainOnDifferentWorkers) {
  const auto spec = spec_of({{"const", 1}, {"id", 1}});
  const auto record = record_of(2);
  const auto assignment = schedule({.record = &record, .spec = &spec, .free = slots(3, 2)});
  ASSERT_EQ(assignment.workers.size(), 2u);
  EXPECT_EQ(assignment.workers[0].executors[0].component, "const");
  EXPECT_EQ(assignment.workers[1].executors[0].component, "id");
  EXPECT_NE(assignment.workers[0].supervisor, assignment.workers[1].supervisor);
  EXPECT_EQ(assignment.epoch, 1u);
  EXPECT_EQ(assignment.workers[0].instance_base, 1024u);
}

TEST(Scheduler, LeavesFusedComponentsToTheExecutorsThatTheyRideIn) {
  auto spec = spec_of({{"const", 2}, {"id", 2}});
  spec.components[1].fused_into = "const";
  const auto record = record_of(4);
  const auto assignment = schedule({.record = &record, .spec = &spec, .free = slots(3, 2)});
  EXPECT_EQ(assignment.workers.size(), 2u) << "more workers than executors make no sense";
  EXPECT_EQ(all_of(assignment).size(), 2u);
}

TEST(Scheduler, UsesFewerWorkersWhenSlotsAreShortAndNoneWhenThereAreNone) {
  const auto spec = spec_of({{"a", 4}});
  const auto record = record_of(4);
  EXPECT_EQ(schedule({.record = &record, .spec = &spec, .free = slots(1, 3)}).workers.size(), 3u);
  EXPECT_TRUE(schedule({.record = &record, .spec = &spec, .free = {}}).workers.empty());
}

TEST(Scheduler, NotesThatThereAreFewerExecutorsThanWorkers) {
  auto spec = spec_of({{"const", 1}, {"id", 1}});
  spec.workers = 2;
  EXPECT_TRUE(placement_notes(spec).empty());
  spec.components[1].fused_into = "const";
  const auto notes = placement_notes(spec);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("topology.workers is 2"), std::string::npos) << notes[0];
  EXPECT_NE(notes[0].find("only 1 executors"), std::string::npos) << notes[0];
}

TEST(Scheduler, GivesALostWorkerANewSlotAndLeavesTheOthersAlone) {
  const auto spec = spec_of({{"a", 3}, {"b", 3}});
  const auto record = record_of(3);
  const auto before = schedule({.record = &record, .spec = &spec, .free = slots(3, 1)});
  const auto after = schedule({.record = &record,
                               .spec = &spec,
                               .present = &before,
                               .lost = {1},
                               .free = {{"s9", "h9", 6700}}});
  EXPECT_EQ(after.workers[0], before.workers[0]);
  EXPECT_EQ(after.workers[2], before.workers[2]);
  EXPECT_EQ(after.workers[1].supervisor, "s9");
  EXPECT_EQ(after.workers[1].executors, before.workers[1].executors);
  EXPECT_EQ(after.workers[1].instance_base, after.epoch * 1024);
}

TEST(Scheduler, HoldsItsPromisesForAnyTopologyAndAnyHistory) {
  const std::uint64_t seed = support::seed();
  common::Random random(seed);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::pair<std::string, std::uint32_t>> components;
    const std::size_t count = 1 + random.below(5);
    for (std::size_t c = 0; c < count; ++c) {
      components.emplace_back("c" + std::to_string(c), 1 + random.below(6));
    }
    const auto spec = spec_of(components);
    auto record = record_of(static_cast<std::uint32_t>(1 + random.below(6)));
    const auto free = slots(3, 3);
    coord::Assignment now = schedule({.record = &record, .spec = &spec, .free = free});
    for (int step = 0; step < 4; ++step) {
      const coord::Assignment before = now;
      record.workers = static_cast<std::uint32_t>(1 + random.below(6));
      std::vector<Slot> left;
      for (const Slot& slot : free) {
        const bool used = std::ranges::any_of(before.workers, [&](const auto& worker) {
          return worker.supervisor == slot.supervisor && worker.port == slot.port;
        });
        if (!used) left.push_back(slot);
      }
      now = schedule({.record = &record, .spec = &spec, .present = &before, .free = left});
      // Every executor runs once, loads are even, no slot is used twice, the epoch rises.
      EXPECT_EQ(all_of(now).size(), executors_of(spec, record).size()) << "seed " << seed;
      const auto [least, most] = std::ranges::minmax(
          now.workers, {}, [](const auto& worker) { return worker.executors.size(); });
      EXPECT_LE(most.executors.size() - least.executors.size(), 1u) << "seed " << seed;
      std::set<std::pair<std::string, std::uint32_t>> used;
      for (const auto& worker : now.workers) {
        EXPECT_TRUE(used.insert({worker.supervisor, worker.port}).second);
      }
      EXPECT_EQ(now.epoch, before.epoch + 1);
      // One that keeps slot and executors keeps its process; all others get a new one.
      for (const auto& worker : now.workers) {
        const auto old =
            std::ranges::find(before.workers, worker.number, &coord::WorkerAssignment::number);
        const bool same = old != before.workers.end() && old->executors == worker.executors &&
                          old->port == worker.port && old->supervisor == worker.supervisor;
        EXPECT_EQ(worker.instance_base == now.epoch * 1024, !same);
      }
      if (before.workers.size() == now.workers.size()) {
        EXPECT_EQ(now.workers, before.workers) << "nothing moves without need, seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace rafale::nimbus
