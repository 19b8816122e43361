// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Settings from file and command line, and messages that say where each came from.

#include "worker/plugin/settings.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class Settings : public testing::Test {
 protected:
  void SetUp() override {
    path_ =
        (fs::temp_directory_path() / ("rafale_settings_test." + std::to_string(getpid()) + ".yaml"))
            .string();
  }
  void TearDown() override { fs::remove(path_); }

  GivenSettings read(const std::string& yaml, const std::vector<std::string>& assignments) {
    std::ofstream(path_) << yaml;
    auto settings = GivenSettings::read(yaml.empty() ? "" : path_, assignments);
    EXPECT_TRUE(settings.ok()) << settings.status();
    return *std::move(settings);
  }
  static std::string refusal(const std::string& assignment) {
    return std::string(GivenSettings::read("", {assignment}).status().message());
  }

  std::string path_;
};

TEST_F(Settings, AreTypedByYamlRules) {
  const GivenSettings given =
      read("", {"a=4", "b = 0.5", "c=true", "d=lyon", "e='4'", "f=", "g=x=y"});
  EXPECT_EQ(given.config().get<std::int64_t>("a", 0), 4);
  EXPECT_EQ(given.config().get<double>("b", 0), 0.5);
  EXPECT_EQ(given.config().get<bool>("c", false), true);
  EXPECT_EQ(given.config().get<std::string>("d", ""), "lyon");
  EXPECT_EQ(*given.config().find("e"), Value("4"));
  EXPECT_TRUE(given.config().find("f")->is_null());
  EXPECT_EQ(*given.config().find("g"), Value("x=y"));
}

TEST_F(Settings, OfTheCommandLineWin) {
  const GivenSettings given = read("bikes:\n  city: lyon\n  n: 1\n", {"bikes.city=mexico"});
  EXPECT_EQ(given.config().get<std::string>("bikes.city", ""), "mexico");
  EXPECT_EQ(given.config().get<std::int64_t>("bikes.n", 0), 1);
}

TEST_F(Settings, KeepListsOfAFile) {
  const GivenSettings given = read("seeds: [a, 2]\n", {});
  EXPECT_EQ(*given.config().find("seeds"), Value(List{"a", 2}));
}

TEST_F(Settings, OfAnOptionWinAndDefaultsDoNot) {
  GivenSettings given = read("", {"a=1", "b=1"});
  given.set("a", 2);
  given.set_default("b", 2);
  given.set_default("c", 2);
  EXPECT_EQ(given.config().get<std::int64_t>("a", 0), 2);
  EXPECT_EQ(given.config().get<std::int64_t>("b", 0), 1);
  EXPECT_EQ(given.config().get<std::int64_t>("c", 0), 2);
}

TEST_F(Settings, RefuseWhatIsNoAssignment) {
  EXPECT_THAT(refusal("verbose"), HasSubstr("-c takes KEY=VALUE, not 'verbose'"));
  EXPECT_THAT(refusal("=4"), HasSubstr("-c takes KEY=VALUE"));
  EXPECT_THAT(refusal("id=99999999999999999999"), HasSubstr("-c id: the number"));
  EXPECT_THAT(std::string(GivenSettings::read("/nowhere.yaml", {}).status().message()),
              HasSubstr("cannot read '/nowhere.yaml'"));
}

TEST_F(Settings, SayWhereAMistakeCameFrom) {
  const GivenSettings given =
      read("bikes:\n  citi: lyon\ntopology.workers: many\n", {"bikes.sed=1", "bikes.city=x"});
  const auto located = given.locate(
      "unknown key \"bikes.citi\"; did you mean \"bikes.city\"?\n"
      "unknown key \"bikes.sed\"; did you mean \"bikes.seed\"?\n"
      "topology.workers: expected int64, given string \"many\"\n"
      "bolt \"count\": no input");
  ASSERT_EQ(located.size(), 4u);
  EXPECT_EQ(located[0].text,
            path_ + ":2:3: unknown key \"bikes.citi\"; did you mean \"bikes.city\"?");
  EXPECT_EQ(located[1].text, "-c: unknown key \"bikes.sed\"; did you mean \"bikes.seed\"?");
  EXPECT_EQ(located[2].text,
            path_ + ":3:1: topology.workers: expected int64, given string \"many\"");
  EXPECT_EQ(located[3].text, "bolt \"count\": no input");
  EXPECT_TRUE(located[2].given);
  EXPECT_FALSE(located[3].given);
}

TEST_F(Settings, DoNotTakeAKeyForALongerOne) {
  const GivenSettings given = read("", {"bikes=1"});
  EXPECT_FALSE(given.locate("bikes.city: no such city")[0].given);
  EXPECT_TRUE(given.locate("bikes: no such thing")[0].given);
}

TEST_F(Settings, DecideTheExitCodeOfAFailure) {
  const GivenSettings given = read("", {"bikes.sed=1"});
  const std::string mine = "unknown key \"bikes.sed\"; did you mean \"bikes.seed\"?";
  EXPECT_EQ(explain(absl::InvalidArgumentError(mine), given).exit_code, 2);
  const LoadFailure both = explain(absl::InvalidArgumentError(mine + "\nno spout"), given);
  EXPECT_EQ(both.exit_code, 1);
  EXPECT_THAT(both.lines, ElementsAre("-c: " + mine, "no spout"));
  EXPECT_EQ(explain(absl::NotFoundError("x"), given).exit_code, 2);
  EXPECT_EQ(explain(absl::FailedPreconditionError("x"), given).exit_code, 1);
  EXPECT_EQ(explain(absl::AbortedError("x\ny"), given).lines.size(), 1u);
}

TEST_F(Settings, SayWhereKeysAreListedIfNoneIsNear) {
  const GivenSettings given = read("", {"x=1", "bikes.sed=1"});
  EXPECT_THAT(
      explain(absl::InvalidArgumentError(
                  "unknown key \"x\"\nunknown key \"bikes.sed\"; did you mean \"bikes.seed\"?"),
              given)
          .lines,
      ElementsAre(HasSubstr("'rafale help settings'"), EndsWith("\"bikes.seed\"?")));
}

TEST_F(Settings, NoteWhatHasNoEffect) {
  const GivenSettings given = read("", {"worker.childopts=-Xmx1g", "topology.workers=1"});
  EXPECT_THAT(given.notes(), ElementsAre(HasSubstr("-c: worker.childopts: there is no JVM")));
}

}  // namespace
}  // namespace rafale::worker
