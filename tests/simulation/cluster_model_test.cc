// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A cluster under random orders and faults: the real coordinator, scheduler, reconciler, membership
// and state on a simulated network.
//
// RAFALE_SIM_SEEDS is the number of runs, RAFALE_SIM_SEED the first seed; a run repeats itself from
// its seed. For all that led to a violation: RAFALE_SIM_SEEDS=1 RAFALE_SIM_SEED=<seed>.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/simulation/cluster/world.h"

namespace rafale::cluster_sim {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

std::string story_of(std::uint64_t seed) {
  World world(seed, Mutant::none, true);
  const auto violation = world.run();
  std::string story;
  for (const std::string& line : world.stage().story()) story += line + '\n';
  return story + "seed " + std::to_string(seed) + ": " + violation.value_or("nothing is wrong");
}

TEST(ClusterModel, KeepsItsPromisesInEveryRun) {
  const std::uint64_t first = number_from("RAFALE_SIM_SEED", 1);
  const std::uint64_t seeds = number_from("RAFALE_SIM_SEEDS", RAFALE_SIM_DEFAULT_SEEDS);
  Statistics sum;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    World world(seed, Mutant::none, false);
    const auto violation = world.run();
    sum.add(world.statistics());
    ASSERT_EQ(violation, std::nullopt) << story_of(seed);
  }
  std::cout << "seeds " << first << " to " << first + seeds - 1 << ": " << sum.to_string() << '\n';
}

TEST(ClusterModel, ARunRepeatsItselfFromItsSeed) {
  World one(7, Mutant::none, true);
  World other(7, Mutant::none, true);
  EXPECT_EQ(one.run(), other.run());
  EXPECT_GT(one.stage().story().size(), 20u);
  EXPECT_EQ(one.stage().story(), other.stage().story());
}

}  // namespace
}  // namespace rafale::cluster_sim
