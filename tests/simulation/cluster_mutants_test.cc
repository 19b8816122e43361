// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The checker of cluster_model_test against clusters that break one rule on purpose.

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/simulation/cluster/world.h"

namespace rafale::cluster_sim {
namespace {

// A checker that finds nothing proves nothing: whatever is broken must show.
class ClusterModelMutant : public testing::TestWithParam<Mutant> {};

TEST_P(ClusterModelMutant, IsFound) {
  constexpr std::uint64_t kMostSeeds = 1000;
  for (std::uint64_t seed = 1; seed <= kMostSeeds; ++seed) {
    World world(seed, GetParam(), false);
    if (const auto violation = world.run()) {
      std::cout << name(GetParam()) << ": seed " << seed << ": " << *violation << '\n';
      return;
    }
  }
  FAIL() << name(GetParam()) << " is not found with " << kMostSeeds << " seeds";
}

std::vector<Mutant> all_mutants() {
  std::vector<Mutant> all;
  for (unsigned i = 1; i < static_cast<unsigned>(Mutant::count); ++i) {
    all.push_back(static_cast<Mutant>(i));
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Each, ClusterModelMutant, testing::ValuesIn(all_mutants()),
                         [](const auto& param) { return std::string(name(param.param)); });

}  // namespace
}  // namespace rafale::cluster_sim
