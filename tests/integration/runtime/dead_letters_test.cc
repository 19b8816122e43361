// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Dead letters of whole topologies: in a file, and in a place of the topology's own.

#include <nlohmann/json.hpp>

#include "tests/integration/runtime/components.h"
#include "tests/support/scratch.h"

namespace rafale::worker {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

/// What a LetterBox was given, and how it is to behave.
struct Box {
  std::mutex mutex;
  std::vector<nlohmann::json> letters;
  std::vector<std::string> reasons;
  int failures = 0;  // so many writes throw first
  std::atomic<int> made{0};
};

class LetterBox final : public DeadLetterSink {
 public:
  explicit LetterBox(std::shared_ptr<Box> box) : box_(std::move(box)) { ++box_->made; }
  void write(std::string_view line, const DeadLetter& letter) override {
    const std::lock_guard lock(box_->mutex);
    if (box_->failures > 0) {
      --box_->failures;
      throw 42;
    }
    box_->letters.push_back(nlohmann::json::parse(line));
    box_->reasons.emplace_back(letter.reason);
  }

 private:
  std::shared_ptr<Box> box_;
};

class DeadLettersTest : public testing::Test {
 protected:
  /// Three records of which the one with id 1 is no good.
  void describe(TopologyBuilder& builder) {
    builder.config("topology.replay.backoff.ms", 1);
    builder.spout("ids", [] { return std::make_unique<RepeatingSpout>(3); }).output(kId);
    builder
        .bolt("sort",
              [](const Tuple& in, BasicCollector& out) {
                if (in.get<std::int64_t>("id") != 1) return;
                out.dead_letter(
                    {.record = "one\xff", .reason = "no good", .source = "ids", .position = 1});
              })
        .shuffle("ids");
  }
  Snapshot run_it(TopologyBuilder& builder) {
    LocalOptions options;
    options.dead_letter_dir = scratch_ / "letters";
    options.on_error = [this](const std::string&, const std::string& text) {
      const std::lock_guard lock(box_->mutex);
      errors_ += text + "\n";
    };
    return run(builder, options);
  }
  bool has_file() const { return std::filesystem::exists(scratch_ / "letters"); }

  const support::Scratch scratch_;
  const std::shared_ptr<Box> box_ = std::make_shared<Box>();
  std::string errors_;
};

TEST_F(DeadLettersTest, GoToAFileAsLinesOfJson) {
  TopologyBuilder builder("letters");
  describe(builder);
  EXPECT_EQ(run_it(builder).totals.dead_lettered, 1u);
  const auto lines = support::lines_of(support::read_file(scratch_ / "letters/dead_letters.jsonl"));
  ASSERT_THAT(lines, SizeIs(1));
  const auto letter = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(letter["topology"], "letters");
  EXPECT_EQ(letter["record_hex"], "6f6e65ff");
  EXPECT_EQ(letter["reason"], "no good");
}

TEST_F(DeadLettersTest, GoToThePlaceThatTheTopologyNames) {
  TopologyBuilder builder("letters");
  describe(builder);
  builder.dead_letters("a box", [box = box_] { return std::make_unique<LetterBox>(box); });
  EXPECT_EQ(run_it(builder).totals.dead_lettered, 1u);
  EXPECT_EQ(box_->made, 1);
  ASSERT_THAT(box_->letters, SizeIs(1));
  const auto& letter = box_->letters[0];
  EXPECT_EQ(letter["topology"], "letters");
  EXPECT_EQ(letter["component"], "sort");
  EXPECT_EQ(letter["record_hex"], "6f6e65ff");
  EXPECT_EQ(letter["source"], "ids");
  EXPECT_EQ(letter["position"], 1);
  EXPECT_EQ(box_->reasons[0], "no good");
  EXPECT_FALSE(has_file());
}

TEST_F(DeadLettersTest, AreTriedAgainWhenTheirPlaceFails) {
  TopologyBuilder builder("letters");
  describe(builder);
  box_->failures = 2;
  builder.dead_letters("a box", [box = box_] { return std::make_unique<LetterBox>(box); });
  const Snapshot end = run_it(builder);
  EXPECT_EQ(end.totals.dead_lettered, 1u);
  EXPECT_EQ(end.totals.acked, 2u);
  EXPECT_THAT(box_->letters, SizeIs(1));
  EXPECT_THAT(errors_, HasSubstr("cannot write a dead letter to a box: it threw something"));
}

TEST_F(DeadLettersTest, AFactoryThatThrowsStopsTheStart) {
  TopologyBuilder builder("letters");
  describe(builder);
  builder.dead_letters("a box", []() -> std::unique_ptr<DeadLetterSink> {
    throw std::runtime_error("there is no box");
  });
  const auto started = LocalRuntime::start(builder.build(), {});
  ASSERT_FALSE(started.ok());
  EXPECT_THAT(std::string(started.status().message()), HasSubstr("there is no box"));
}

}  // namespace
}  // namespace rafale::worker
