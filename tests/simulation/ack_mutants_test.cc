// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The checker of ack_model_test against surroundings that are broken on purpose.

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/simulation/ack/world.h"

namespace rafale::worker::sim {
namespace {

// A checker that finds nothing proves nothing: whatever is broken around the tasks must show.
class AckModelMutant : public testing::TestWithParam<Mutant> {};

TEST_P(AckModelMutant, IsFound) {
  constexpr std::uint64_t kMostSeeds = 3000;
  for (std::uint64_t seed = 1; seed <= kMostSeeds; ++seed) {
    World world(seed, GetParam(), false);
    if (const auto violation = world.run()) {
      std::cout << name(GetParam()) << ": seed " << seed << ": " << violation->substr(0, 160)
                << '\n';
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

INSTANTIATE_TEST_SUITE_P(Each, AckModelMutant, testing::ValuesIn(all_mutants()),
                         [](const auto& param) { return std::string(name(param.param)); });

}  // namespace
}  // namespace rafale::worker::sim
