// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Every shape of the perf topologies processes each of its messages once.
#include <chrono>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/plugin/plugin_loader.h"
#include "worker/runtime/local_runtime.h"

namespace rafale::worker {
namespace {

absl::StatusOr<LoadedTopology> load(const Config& config) {
  const char* directory = std::getenv("RAFALE_BIN_DIR");
  return load_topology(std::string(directory == nullptr ? "." : directory) + "/perf.so", config);
}

struct Shape {
  const char* topology;
  std::int64_t ackers;
  std::int64_t parallelism;
  bool fuse;
};

class Perf : public testing::TestWithParam<Shape> {};

TEST_P(Perf, ProcessesEveryMessageOnce) {
  constexpr std::int64_t kMessages = 30'000;
  Config config;
  config.set("perf.topology", GetParam().topology);
  config.set("topology.acker.executors", GetParam().ackers);
  config.set("perf.parallelism", GetParam().parallelism);
  config.set("perf.fuse", GetParam().fuse);
  config.set("perf.messages", kMessages);
  const auto loaded = load(config);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  auto runtime = LocalRuntime::start(loaded->topology(), {});
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_TRUE((*runtime)->wait_until_done(std::chrono::seconds(60)));
  EXPECT_TRUE((*runtime)->stop(std::chrono::seconds(60)));

  const Snapshot snapshot = (*runtime)->snapshot();
  EXPECT_EQ(snapshot.totals.emitted, kMessages);
  EXPECT_EQ(snapshot.totals.acked, kMessages);
  EXPECT_EQ(snapshot.totals.failed, 0u);
  for (const ComponentCounts& component : snapshot.components) {
    if (component.spout) continue;
    EXPECT_EQ(component.executed, kMessages) << component.id;
    EXPECT_EQ(component.fused, GetParam().fuse) << component.id;
    if (component.id != "null") continue;
    // The numbers from 0 on for each spout, and 20 times 'x' and its code for each tuple.
    const std::int64_t each = kMessages / GetParam().parallelism;
    const std::int64_t numbers = GetParam().parallelism * each * (each - 1) / 2;
    EXPECT_EQ(component.user.at("checksum"), numbers + kMessages * (20 + 'x'));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Perf,
                         testing::Values(Shape{"ConstSpoutNullBolt", 1, 1, true},
                                         Shape{"ConstSpoutNullBolt", 0, 2, false},
                                         Shape{"ConstSpoutIdBoltNullBolt", 1, 1, true},
                                         Shape{"ConstSpoutIdBoltNullBolt", 1, 2, true},
                                         Shape{"ConstSpoutIdBoltNullBolt", 1, 2, false},
                                         Shape{"ConstSpoutIdBoltNullBolt", 0, 1, false},
                                         Shape{"ConstSpoutIdBoltNullBolt", 0, 2, true}));

TEST(PerfRate, LimitsWhatTheSpoutsEmitTogether) {
  Config config;
  config.set("perf.rate", 2000);
  config.set("perf.parallelism", 2);
  config.set("perf.messages", 400);
  const auto loaded = load(config);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto begin = std::chrono::steady_clock::now();
  auto runtime = LocalRuntime::start(loaded->topology(), {});
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_TRUE((*runtime)->wait_until_done(std::chrono::seconds(60)));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(190));
  EXPECT_EQ((*runtime)->snapshot().totals.acked, 400u);
}

TEST(PerfSettings, ThatMakeNoSenseAreMistakes) {
  Config config;
  config.set("perf.topology", "ConstSpoutNulBolt");
  config.set("perf.parallelism", 0);
  const auto refused = load(config);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("perf.topology"));
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("perf.parallelism"));
}

}  // namespace
}  // namespace rafale::worker
