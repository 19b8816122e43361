// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Logs that grow, are rotated, and are read again after a restart.
#include "connectors/file/log_follower.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/file/log_position.h"
#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class LogFollowerTest : public ::testing::Test {
 protected:
  void append(const std::string& text, const std::string& name = "access.log") {
    std::ofstream(dir_ / name, std::ios::app | std::ios::binary) << text;
  }
  void rotate(const std::string& to = "access.log.1") {
    fs::rename(dir_ / "access.log", dir_ / to);
  }
  std::string path() const { return dir_ / "access.log"; }
  static std::vector<std::string> read(LogFollower& log) {
    std::vector<std::string> lines;
    for (std::string_view line; log.next(line);) lines.emplace_back(line);
    return lines;
  }

  const support::Scratch dir_;
};

TEST_F(LogFollowerTest, WaitsForTheFileForLinesAndForTheirEnds) {
  LogFollower log(path());
  EXPECT_THAT(read(log), IsEmpty());
  append("one\ntwo\r\nthr");
  EXPECT_THAT(read(log), ElementsAre("one", "two"));
  EXPECT_THAT(read(log), IsEmpty());
  append("ee\n\n");
  EXPECT_THAT(read(log), ElementsAre("three", ""));
  EXPECT_EQ(log.place().lines, 4u);
  EXPECT_EQ(log.place().offset, 16u);
}

TEST_F(LogFollowerTest, ReadsTheOldFileToItsEndAndThenTheNewOne) {
  append("a\n");
  LogFollower log(path());
  EXPECT_THAT(read(log), ElementsAre("a"));
  append("b\nc without an end");
  rotate();
  append("d\n");
  EXPECT_THAT(read(log), ElementsAre("b", "c without an end", "d"));
  append("late\n", "access.log.1");  // nobody reads a file that was left
  append("e\n");
  EXPECT_THAT(read(log), ElementsAre("e"));
}

TEST_F(LogFollowerTest, StaysWithARotatedFileUntilThereIsANewOne) {
  append("a\n");
  LogFollower log(path());
  read(log);
  rotate();
  append("b\n", "access.log.1");
  EXPECT_THAT(read(log), ElementsAre("b"));
  append("c\n");
  EXPECT_THAT(read(log), ElementsAre("c"));
}

TEST_F(LogFollowerTest, BeginsAnewWhenTheFileIsTruncated) {
  append("a\nb\n");
  LogFollower log(path());
  EXPECT_THAT(read(log), SizeIs(2));
  fs::resize_file(path(), 0);
  append("c\n");
  EXPECT_THAT(read(log), ElementsAre("c"));
  EXPECT_EQ(log.place().lines, 3u);
}

TEST_F(LogFollowerTest, GoesOnAfterARestart) {
  append("a\nb\nc\n");
  LogPlace place;
  {
    LogFollower log(path());
    std::string_view line;
    ASSERT_TRUE(log.next(line));
    place = log.place();
  }
  LogFollower log(path(), place);
  EXPECT_THAT(read(log), ElementsAre("b", "c"));
  EXPECT_EQ(log.place().lines, 3u);
}

TEST_F(LogFollowerTest, GoesOnInTheRotatedFilesAfterARestart) {
  append("a\nb\n");
  LogPlace place;
  {
    LogFollower log(path());
    std::string_view line;
    ASSERT_TRUE(log.next(line));
    place = log.place();
  }
  rotate("access.log.2");
  const auto now = fs::last_write_time(dir_ / "access.log.2");
  append("c\n");
  rotate("access.log.1");
  fs::last_write_time(dir_ / "access.log.1", now + std::chrono::seconds(1));
  append("d\n");
  append("other\n", "access.log.old-and-older");
  fs::last_write_time(dir_ / "access.log.old-and-older", now - std::chrono::hours(1));
  LogFollower log(path(), place);
  EXPECT_THAT(read(log), ElementsAre("b", "c", "d"));
  EXPECT_THAT(log.take_notes(), IsEmpty());
}

TEST_F(LogFollowerTest, SaysWhenTheFileIsGoneAndBeginsWithTheNewOne) {
  append("a\nb\n");
  LogPlace place;
  {
    LogFollower log(path());
    std::string_view line;
    ASSERT_TRUE(log.next(line));
    place = log.place();
  }
  rotate("elsewhere");
  append("new\n");
  LogFollower log(path(), place);
  EXPECT_THAT(read(log), ElementsAre("new"));
  const auto notes = log.take_notes();
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0], HasSubstr("the file that was read last is gone"));
  EXPECT_EQ(log.place().lines, 2u);
}

TEST_F(LogFollowerTest, TellsAFileFromAnotherWithTheSameInode) {
  append("a\nb\n");
  LogPlace place;
  {
    LogFollower log(path());
    std::string_view line;
    ASSERT_TRUE(log.next(line));
    place = log.place();
  }
  fs::resize_file(path(), 0);  // the same inode, another content, longer than before
  append("x\ny\nz\n");
  LogFollower log(path(), place);
  EXPECT_THAT(read(log), ElementsAre("x", "y", "z"));
  EXPECT_THAT(log.take_notes(), SizeIs(1));
}

TEST_F(LogFollowerTest, CutsALineThatIsTooLong) {
  append(std::string(250, 'x') + "\nshort\n");
  LogFollower log(path(), std::nullopt, 100);
  EXPECT_THAT(read(log), ElementsAre(std::string(100, 'x'), std::string(100, 'x'),
                                     std::string(50, 'x'), "short"));
  EXPECT_THAT(log.take_notes(), ::testing::Not(IsEmpty()));
}

TEST_F(LogFollowerTest, APositionIsThatOfTheFirstLineThatIsNotComplete) {
  const LogPlace first{1, 2, 10, 1};
  const LogPlace second{1, 2, 20, 2};
  const LogPlace third{1, 2, 30, 3};
  {
    LogPosition position(dir_.path(), "log", 0);
    EXPECT_FALSE(position.begin());
    const auto a = position.add(first);
    const auto b = position.add(second);
    position.add(third);
    position.complete(b);
    position.keep_now();
    EXPECT_FALSE(LogPosition(dir_.path(), "log", 0).begin());
    position.complete(a);
    EXPECT_EQ(position.span(), 1u);
    position.keep_now();
  }
  EXPECT_EQ(LogPosition(dir_.path(), "log", 0).begin(), second);
  EXPECT_FALSE(LogPosition(dir_.path(), "log", 1).begin());
  support::write_file(dir_ / "log-0.log-position", "nonsense");
  EXPECT_THROW(LogPosition(dir_.path(), "log", 0), std::runtime_error);
}

}  // namespace
}  // namespace rafale::connectors
