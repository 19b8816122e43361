// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What is refused, and that all of it is said at once.

#include "nimbus/validator.h"

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace rafale::nimbus {
namespace {

TEST(Validator, TakesPlainNamesOnly) {
  for (const char* good : {"words", "a", "Lyon-2024_v1.2"}) {
    EXPECT_TRUE(check_name("topology", good).ok()) << good;
  }
  for (const char* bad : {"", "-x", ".x", "a/b", "../x", "a..b", "a b", "\xc3\xa9"}) {
    EXPECT_FALSE(check_name("topology", bad).ok()) << bad;
  }
  EXPECT_FALSE(check_name("topology", std::string(129, 'a')).ok());
}

TEST(Validator, SaysAllMistakesOfASpecTogether) {
  coord::TopologySpec spec;
  spec.workers = 0;
  spec.components = {{"a", false, 3, 2, 1, ""}, {"b", false, 1, 1, 9, "nowhere"}};
  const std::string said(check_spec(spec).message());
  for (const char* part : {"topology.workers", "3 executors for 2 tasks", "tasks begin at 9",
                           "fused into nowhere", "no spout"}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << " in " << said;
  }
}

TEST(Validator, ChecksARebalanceAsStrictly) {
  coord::TopologySpec spec;
  spec.components = {{"in", true, 1, 2, 1, ""}, {"out", false, 1, 2, 3, "in"}};
  EXPECT_TRUE(check_rebalance(spec, 3, {{"in", 2}}).ok());
  EXPECT_FALSE(check_rebalance(spec, 0, {}).ok());
  EXPECT_FALSE(check_rebalance(spec, 3, {{"in", 3}}).ok());
  EXPECT_FALSE(check_rebalance(spec, 3, {{"out", 2}}).ok());
  EXPECT_FALSE(check_rebalance(spec, 3, {{"no", 1}}).ok());
}

TEST(Validator, TakesSharedLibrariesOfThisMachineOnly) {
  const support::Scratch dir;
  support::write_file(dir / "text.so", "#!/bin/sh\n");
  EXPECT_FALSE(check_plugin(dir / "text.so").ok());
  EXPECT_FALSE(check_plugin(dir / "missing.so").ok());
  EXPECT_TRUE(check_plugin("/proc/self/exe").ok()) << "position-independent programs look alike";
}

}  // namespace
}  // namespace rafale::nimbus
