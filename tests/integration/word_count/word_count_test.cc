// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Word count from its plugin to its file, against the counts of another program.
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/scratch.h"
#include "tests/support/shared_data.h"
#include "worker/plugin/plugin_loader.h"
#include "worker/runtime/local_runtime.h"

namespace rafale::worker {
namespace {

using support::read_file;
using testing::ElementsAre;
using testing::HasSubstr;

class WordCount : public testing::Test {
 protected:
  static absl::StatusOr<LoadedTopology> load(const Config& config) {
    const char* directory = std::getenv("RAFALE_BIN_DIR");
    return load_topology(std::string(directory == nullptr ? "." : directory) + "/word_count.so",
                         config);
  }

  /// Runs it to its end; everything must be acked. Returns counts.tsv.
  std::string count(Config config, const std::string& text_file) {
    config.set("words.file", text_file);
    config.set("words.output", scratch_ / "out");
    run(config);
    return read_file(scratch_ / "out/counts.tsv");
  }
  void run(const Config& config) {
    const auto loaded = load(config);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    auto runtime = LocalRuntime::start(loaded->topology(), {});
    ASSERT_TRUE(runtime.ok()) << runtime.status();
    EXPECT_TRUE((*runtime)->wait_until_done(std::chrono::seconds(60)));
    EXPECT_TRUE((*runtime)->stop(std::chrono::seconds(60)));
    totals_ = (*runtime)->snapshot().totals;
    EXPECT_EQ(totals_.failed, 0u);
    EXPECT_EQ(totals_.acked, totals_.emitted);
  }
  std::string text_file(std::string_view text) {
    support::write_file(scratch_ / "text", text);
    return scratch_ / "text";
  }
  static Config with(std::string key, Value value) {
    Config config;
    config.set(std::move(key), std::move(value));
    return config;
  }

  support::Scratch scratch_;
  TopologyStats totals_;
};

/// Of a file, by the system's own program.
std::string sha256(const std::string& path) {
  FILE* pipe = ::popen(("sha256sum '" + path + "'").c_str(), "r");
  char sum[65] = {};
  if (pipe == nullptr || std::fread(sum, 1, 64, pipe) != 64) return "";
  ::pclose(pipe);
  return sum;
}

class WordCountOfABook : public WordCount, public testing::WithParamInterface<std::int64_t> {};

TEST_P(WordCountOfABook, EqualsTheCountsOfTheOracle) {
  RAFALE_NEEDS_SHARED_DATA("text/complete-angler-1653.txt");
  const auto oracle = nlohmann::json::parse(
      read_file(support::shared_data("text/complete-angler-1653.oracle.json")));
  const std::string counts = count(with("words.parallelism", GetParam()),
                                   support::shared_data("text/complete-angler-1653.txt"));

  EXPECT_EQ(totals_.acked, oracle["lines"].get<std::uint64_t>());
  const auto lines = support::lines_of(counts);
  EXPECT_EQ(lines.size(), oracle["distinct"].get<std::size_t>());
  for (const auto& [word, times] : oracle["top"].items()) {
    const auto& pair = oracle["top"][std::stoul(word)];
    EXPECT_THAT(lines, testing::Contains(pair[0].get<std::string>() + "\t" +
                                         std::to_string(pair[1].get<std::uint64_t>())));
  }
  EXPECT_EQ(sha256(scratch_ / "out/counts.tsv"), oracle["counts_sha256"].get<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Parallelism, WordCountOfABook, testing::Values(1, 4));

TEST_F(WordCount, AWordIsARunOfLettersAndApostrophesInAnyCase) {
  const std::string file = text_file("Don't stop-it! 'T42x\n\n\nCAF\xc3\x89 don't\r\nlast");
  EXPECT_THAT(support::lines_of(count({}, file)),
              ElementsAre("'t\t1", "caf\t1", "don't\t2", "it\t1", "last\t1", "stop\t1", "x\t1"));
}

TEST_F(WordCount, ARepeatedTextCountsAsOftenWhateverTheParallelism) {
  Config config = with("words.repeat", 7);
  config.set("words.parallelism", 3);
  EXPECT_EQ(count(config, text_file("a b\nb c\nc b\nd\n")), "a\t7\nb\t21\nc\t14\nd\t7\n");
  EXPECT_EQ(totals_.acked, 28u);
}

TEST_F(WordCount, GivesEqualCountsWithoutFusing) {
  Config config = with("topology.fuse", false);
  EXPECT_EQ(count(config, text_file("to be or not to be\n")), "be\t2\nnot\t1\nor\t1\nto\t2\n");
}

TEST_F(WordCount, PrintsTheMostFrequentWordsWithoutADirectory) {
  Config config = with("words.file", text_file("b a c\na b\na\n"));
  config.set("words.top", 2);
  testing::internal::CaptureStdout();
  run(config);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "           3 a\n           2 b\n");
}

TEST_F(WordCount, ANameOfNoFileStopsTheTopologyAtItsStart) {
  const auto loaded = load(with("words.file", scratch_ / "missing"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto runtime = LocalRuntime::start(loaded->topology(), {});
  ASSERT_FALSE(runtime.ok());
  EXPECT_THAT(std::string(runtime.status().message()), HasSubstr("lines"));
  EXPECT_THAT(std::string(runtime.status().message()), HasSubstr("missing"));
}

TEST_F(WordCount, SettingsThatMakeNoSenseAreMistakes) {
  EXPECT_FALSE(load(with("words.parallelism", 0)).ok());
  EXPECT_FALSE(load(with("words.repeat", -1)).ok());
  text_file("anything");
  const auto refused = load(with("words.output", scratch_.path()));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("words.output"));
}

}  // namespace
}  // namespace rafale::worker
