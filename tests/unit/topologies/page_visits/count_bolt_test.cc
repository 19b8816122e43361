// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counts, and when their tuples are acked.
#include "topologies/page_visits/count_bolt.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rafale/testing.h"
#include "tests/support/scratch.h"

namespace rafale::visits {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const Schema kVisit{
    {"page", FieldType::string}, {"source", FieldType::int64}, {"position", FieldType::int64}};

class CountBoltTest : public ::testing::Test {
 protected:
  std::unique_ptr<CountBolt> make(rafale::testing::Harness& harness) {
    auto bolt = std::make_unique<CountBolt>(
        CountBolt::Options{"page", "pages", dir_.path(), std::make_shared<Report>(0)});
    bolt->prepare(harness, harness.bolt_collector());
    return bolt;
  }
  nlohmann::json counts() const {
    return nlohmann::json::parse(support::read_file(dir_ / "pages-0.json")).at("counts");
  }

  const support::Scratch dir_;
  rafale::testing::Harness harness_{{}, {{"visit-counts", "default", kVisit}}};
};

TEST_F(CountBoltTest, AcksWhenTheCountsAreOnTheDisk) {
  const auto bolt = make(harness_);
  harness_.execute(*bolt, "visit-counts", "/a", 0, 1);
  harness_.execute(*bolt, "visit-counts", "/a", 0, 2);
  harness_.execute(*bolt, "visit-counts", "/b", 0, 3);
  EXPECT_EQ(harness_.acked, 0u);
  harness_.tick(*bolt);
  EXPECT_EQ(harness_.acked, 3u);
  EXPECT_EQ(counts(), (nlohmann::json{{"/a", 2}, {"/b", 1}}));
}

TEST_F(CountBoltTest, ARepeatedVisitCountsOnceAlsoAfterARestart) {
  {
    const auto bolt = make(harness_);
    harness_.execute(*bolt, "visit-counts", "/a", 0, 1);
    harness_.execute(*bolt, "visit-counts", "/a", 0, 1);
    harness_.execute(*bolt, "visit-counts", "/a", 1, 1);  // of another partition
    harness_.tick(*bolt);
    harness_.execute(*bolt, "visit-counts", "/a", 0, 7);  // never saved: as if killed here
  }
  rafale::testing::Harness again({}, {{"visit-counts", "default", kVisit}});
  const auto bolt = make(again);
  again.execute(*bolt, "visit-counts", "/a", 0, 1);
  again.execute(*bolt, "visit-counts", "/a", 0, 7);
  again.tick(*bolt);
  EXPECT_EQ(counts(), (nlohmann::json{{"/a", 3}}));
  EXPECT_EQ(again.counters["repeated"], 1);
}

TEST_F(CountBoltTest, KeepsTuplesOpenWhileTheDiskRefuses) {
  const auto bolt = make(harness_);
  harness_.execute(*bolt, "visit-counts", "/a", 0, 1);
  std::filesystem::create_directory(dir_ / "pages-0.json.new");
  harness_.tick(*bolt);
  EXPECT_EQ(harness_.acked, 0u);
  EXPECT_EQ(harness_.timeout_resets, 1u);
  ASSERT_THAT(harness_.errors, SizeIs(1));
  EXPECT_THAT(harness_.errors[0], HasSubstr("cannot write"));
  std::filesystem::remove(dir_ / "pages-0.json.new");
  harness_.tick(*bolt);
  EXPECT_EQ(harness_.acked, 1u);
}

TEST_F(CountBoltTest, RefusesAFileOfAnotherParallelismOrKind) {
  support::write_file(dir_ / "pages-0.json", R"({"format":1,"tasks":2,"counts":{},"seen":{}})");
  EXPECT_THROW(make(harness_), std::runtime_error);
  support::write_file(dir_ / "pages-0.json", "nonsense");
  EXPECT_THROW(make(harness_), std::runtime_error);
}

}  // namespace
}  // namespace rafale::visits
