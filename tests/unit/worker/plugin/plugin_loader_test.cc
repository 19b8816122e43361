// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Each way in which a file can fail to be a plugin gets its own sentence, before its code runs.

#include "worker/plugin/plugin_loader.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/plugin/fixture.h"

namespace rafale::worker {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class PluginLoader : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("rafale_plugin_test." + std::to_string(getpid()));
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& content) const {
    std::string path = (directory_ / name).string();
    std::ofstream(path) << content;
    return path;
  }

  static absl::Status refusal(const std::string& path) {
    auto loaded = load_topology(path, {});
    EXPECT_FALSE(loaded.ok());
    return loaded.status();
  }
  static std::string sentence(const std::string& path) {
    const absl::Status status = refusal(path);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(std::string(status.message()), StartsWith("'" + path + "' "));
    return std::string(status.message());
  }

  fs::path directory_;
};

TEST_F(PluginLoader, BuildsTheTopologyOfAPlugin) {
  const auto loaded = load_topology(fixture("good"), {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->topology().name, "good");
  ASSERT_EQ(loaded->topology().components.size(), 2u);
  EXPECT_EQ(loaded->topology().components[0].name, "numbers");
}

TEST_F(PluginLoader, HandsOverTheSettings) {
  Config given;
  given.set("good.count", 7);
  given.set("topology.name", "mine");
  const auto loaded = load_topology(fixture("good"), given);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->topology().name, "mine");
  EXPECT_EQ(loaded->topology().config.get<std::int64_t>("good.count", 0), 7);
}

TEST_F(PluginLoader, FindsAPluginInTheWorkingDirectory) {
  const fs::path before = fs::current_path();
  fs::current_path(fs::path(fixture("good")).parent_path());
  const auto loaded = load_topology("fixture_good.so", {});
  fs::current_path(before);
  EXPECT_TRUE(loaded.ok()) << loaded.status();
}

TEST_F(PluginLoader, KeepsTheLibraryUntilTheTopologyIsGone) {
  unsetenv("RAFALE_TEST_PLUGIN_UNLOADED");
  {
    std::optional<LoadedTopology> loaded(*load_topology(fixture("good"), {}));
    LoadedTopology moved(*std::move(loaded));
    loaded.reset();  // NOLINT(bugprone-use-after-move): what is left of it goes first
    EXPECT_EQ(moved.topology().name, "good");
    EXPECT_EQ(std::getenv("RAFALE_TEST_PLUGIN_UNLOADED"), nullptr);
  }
  EXPECT_STREQ(std::getenv("RAFALE_TEST_PLUGIN_UNLOADED"), "1");
}

TEST_F(PluginLoader, NamesTheNearestFileForOneThatIsMissing) {
  file("word_count.so", "");
  const absl::Status status = refusal((directory_ / "wordcount.so").string());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("there is no file"), HasSubstr("did you mean"), EndsWith("word_count.so'?")));
  EXPECT_THAT(std::string(refusal((directory_ / "word_count").string()).message()),
              EndsWith("word_count.so'?"));
  EXPECT_THAT(std::string(refusal((directory_ / "bikes.so").string()).message()),
              HasSubstr("check the path"));
}

TEST_F(PluginLoader, SaysThatADirectoryIsOne) {
  file("word_count.so", "");
  const absl::Status status = refusal(directory_.string());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("is a directory"), EndsWith("word_count.so'")));
}

TEST_F(PluginLoader, RefusesWhatIsNoLibrary) {
  EXPECT_THAT(sentence(file("a.so", "#!/bin/sh\n")), HasSubstr("is no shared library"));
  EXPECT_THAT(sentence(file("b.so", "")), HasSubstr("is empty"));
  EXPECT_THAT(sentence(file("c.so", std::string("\x7f"
                                                "ELF\x02\x01\x01",
                                                7))),
              HasSubstr("is no shared library"));
  EXPECT_THAT(sentence("/dev/null"), HasSubstr("is not a file"));
}

TEST_F(PluginLoader, RefusesAnotherMachine) {
  std::string header(64, '\0');
  header.replace(0, 7,
                 "\x7f"
                 "ELF\x02\x01\x01");
  header[16] = 3;
  header[18] = 21;  // 64-bit PowerPC
  EXPECT_THAT(sentence(file("other.so", header)),
              AllOf(HasSubstr("is built for 64-bit PowerPC, this rafale for"),
                    EndsWith("build it for this machine")));
}

TEST_F(PluginLoader, RefusesAProgram) {
  EXPECT_THAT(sentence("/proc/self/exe"), HasSubstr("no topology"));
}

TEST_F(PluginLoader, RefusesALibraryWithoutATopologyAndDoesNotRunIt) {
  EXPECT_THAT(sentence(fixture("no_topology")),
              HasSubstr("is a shared library, but no topology; define one with RAFALE_TOPOLOGY"));
}

TEST_F(PluginLoader, RefusesAForeignDescriptorAndDoesNotRunIt) {
  EXPECT_THAT(sentence(fixture("wrong_magic")), HasSubstr("not as RAFALE_TOPOLOGY defines it"));
  const std::string ours = std::to_string(kAbiVersion);
  const std::string theirs = std::to_string(kAbiVersion + 1);
  EXPECT_THAT(sentence(fixture("wrong_abi")),
              AllOf(HasSubstr("ABI " + theirs + " of the SDK, this rafale has ABI " + ours),
                    HasSubstr("rebuild it")));
  EXPECT_THAT(sentence(fixture("wrong_compiler")),
              AllOf(HasSubstr("was built with libc++ 99, this rafale with libstdc++"),
                    HasSubstr("same compiler")));
}

TEST_F(PluginLoader, NamesAnUndefinedFunctionInPlainWords) {
  EXPECT_THAT(sentence(fixture("undefined")),
              AllOf(HasSubstr("uses rafale::function_of_a_later_release(int)"),
                    HasSubstr("which neither it nor this rafale defines")));
}

TEST_F(PluginLoader, NamesALibraryThatIsMissing) {
  const std::string copy = (directory_ / "needs_helper.so").string();
  fs::copy_file(fixture("missing_library"), copy);
  EXPECT_THAT(sentence(copy), AllOf(HasSubstr("needs libfixture_helper.so, which is not found"),
                                    HasSubstr("LD_LIBRARY_PATH")));
}

TEST_F(PluginLoader, ListsTheMistakesOfATopology) {
  const absl::Status status = refusal(fixture("invalid"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("the weather is bad"), HasSubstr("\n"), HasSubstr("nobody")));
}

TEST_F(PluginLoader, CatchesWhatTheTopologyThrows) {
  absl::Status status = refusal(fixture("build_throws"));
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(status.message()), EndsWith(": no licence for the feed"));
  status = refusal(fixture("build_throws_int"));
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no std::exception"));
}

// A damaged file must be refused or loaded, never read beyond its end.
TEST_F(PluginLoader, SurvivesAFileCutAnywhere) {
  std::ifstream whole(fixture("wrong_abi"), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(whole)), {});
  ASSERT_GT(bytes.size(), 4096u);
  for (std::size_t size = 1; size < bytes.size(); size += 1 + bytes.size() / 97) {
    const absl::Status status = check_plugin(file("cut.so", bytes.substr(0, size)));
    EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
  }
}

}  // namespace
}  // namespace rafale::worker
