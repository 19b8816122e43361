// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Dead letters as people list, read, replay and remove them.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/dead_letter_box.h"
#include "cli/verb.h"
#include "common/clock.h"
#include "tests/support/scratch.h"

namespace rafale::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string line(const std::string& record, const std::string& component, const std::string& reason,
                 std::int64_t age_ms = 0) {
  return json({{"record", record},
               {"reason", reason},
               {"component", component},
               {"task", 3},
               {"attempts", 5},
               {"source", "a.jsonl"},
               {"position", 17},
               {"time", common::SystemClock().wall_ms() - age_ms},
               {"topology", "t"}})
             .dump() +
         "\n";
}

struct Said {
  int exit_code;
  std::string out, err;
};

class Dlq : public testing::Test {
 protected:
  void SetUp() override {
    write(line("one", "parse", "bad number", 7'200'000) + line("two", "parse", "bad number") +
          line("three", "sink", "too large"));
  }
  void write(const std::string& text) const {
    support::write_file(dir_ / "dead_letters.jsonl", text);
  }
  void append(const std::string& text) const {
    std::ofstream(dir_ / "dead_letters.jsonl", std::ios::app) << text;
  }
  Said run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--dir", dir_.path()});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int exit_code = kDlq.run(arguments);
    std::fflush(stdout);
    Said said{exit_code, testing::internal::GetCapturedStdout(), {}};
    said.err = testing::internal::GetCapturedStderr();
    return said;
  }
  std::vector<std::string> records() const {
    std::vector<std::string> all;
    for (const auto& letter : json::parse(run({"show", "t", "-o", "json"}).out)) {
      all.push_back(letter.at("record"));
    }
    return all;
  }

  const support::Scratch dir_;
};

TEST_F(Dlq, ListCountsByComponentAndReason) {
  const auto groups = json::parse(run({"list", "t", "-o", "json"}).out);
  ASSERT_THAT(groups, SizeIs(2));
  EXPECT_EQ(groups[0].at("component"), "parse");
  EXPECT_EQ(groups[0].at("letters"), 2);
  EXPECT_EQ(groups[1].at("reason"), "too large");
  const Said table = run({"list", "t"});
  EXPECT_THAT(table.out, HasSubstr("COMPONENT"));
  EXPECT_EQ(table.exit_code, kSuccess);
}

TEST_F(Dlq, ShowChoosesByComponentReasonAgeAndNumber) {
  EXPECT_THAT(records(), ElementsAre("one", "two", "three"));
  EXPECT_THAT(run({"show", "t", "--component", "sink"}).out, HasSubstr("three"));
  EXPECT_THAT(json::parse(run({"show", "t", "--reason", "number", "-o", "json"}).out), SizeIs(2));
  EXPECT_THAT(json::parse(run({"show", "t", "--since", "1h", "-o", "json"}).out), SizeIs(2));
  EXPECT_THAT(json::parse(run({"show", "t", "--before", "1h", "-o", "json"}).out), SizeIs(1));
  EXPECT_THAT(json::parse(run({"show", "t", "--limit", "1", "-o", "json"}).out)[0].at("record"),
              "three");
}

TEST_F(Dlq, ReplayWritesTheRecordsOnceAndAgainIfTold) {
  const std::string to = dir_ / "again.txt";
  EXPECT_EQ(run({"replay", "t", "--to", to, "--component", "parse"}).exit_code, kSuccess);
  EXPECT_EQ(support::read_file(to), "one\ntwo\n");
  EXPECT_EQ(run({"replay", "t", "--to", to}).exit_code, kSuccess);
  EXPECT_EQ(support::read_file(to), "one\ntwo\nthree\n");
  EXPECT_EQ(run({"replay", "t", "--to", to, "--again"}).exit_code, kSuccess);
  EXPECT_EQ(support::read_file(to), "one\ntwo\nthree\none\ntwo\nthree\n");
  EXPECT_THAT(json::parse(run({"list", "t", "-o", "json"}).out)[0].at("replayed"), 2);
}

TEST_F(Dlq, ReplayThatCannotBeWrittenMarksNothing) {
  EXPECT_EQ(run({"replay", "t", "--to", dir_ / "no/such/folder"}).exit_code, kFailure);
  const std::string to = dir_ / "again.txt";
  run({"replay", "t", "--to", to});
  EXPECT_EQ(support::read_file(to), "one\ntwo\nthree\n");
}

TEST_F(Dlq, PurgeRemovesWhatIsChosenAndAsksFirst) {
  EXPECT_EQ(run({"purge", "t"}).exit_code, kWrongCall);
  EXPECT_THAT(records(), SizeIs(3));
  EXPECT_EQ(run({"purge", "t", "--component", "parse", "--yes"}).exit_code, kSuccess);
  EXPECT_THAT(records(), ElementsAre("three"));
  run({"replay", "t", "--to", dir_ / "again.txt"});
  append(line("four", "sink", "too large"));
  EXPECT_EQ(run({"purge", "t", "--replayed", "--yes"}).exit_code, kSuccess);
  EXPECT_THAT(records(), ElementsAre("four"));
}

TEST_F(Dlq, WhatArrivesWhileLettersAreRemovedStays) {
  auto box = DeadLetterBox::open(dir_.path());
  ASSERT_TRUE(box.ok());
  append(line("late", "sink", "x") + line(std::string(20'000, 'y'), "sink", "x"));
  std::vector<const StoredLetter*> all;
  for (const StoredLetter& letter : box->letters()) all.push_back(&letter);
  ASSERT_TRUE(box->remove(all).ok());
  EXPECT_THAT(records(), ElementsAre("late", std::string(20'000, 'y')));
  // Large ones leave holes in the file, which read as nothing.
  EXPECT_EQ(run({"purge", "t", "--reason", "x", "--yes"}).exit_code, kSuccess);
  EXPECT_THAT(records(), IsEmpty());
}

TEST_F(Dlq, ATornLineAndOneThatIsNoLetterAreLeftAndCounted) {
  write(line("one", "parse", "x") + "nonsense\n" + R"({"record":"torn","rea)");
  const Said said = run({"show", "t", "-o", "json"});
  EXPECT_THAT(json::parse(said.out), SizeIs(1));
  EXPECT_THAT(said.err, HasSubstr("2 letters in"));
}

TEST_F(Dlq, ARecordThatIsNoTextIsReplayedAsItWas) {
  write(R"({"record":"?","record_hex":"ff00fe","reason":"x"})"
        "\n");
  const std::string to = dir_ / "again.bin";
  run({"replay", "t", "--to", to});
  EXPECT_EQ(support::read_file(to), std::string("\xff\0\xfe\n", 4));
}

TEST_F(Dlq, WrongCallsSayWhatWillDo) {
  EXPECT_EQ(run({"shwo", "t"}).exit_code, kWrongCall);
  EXPECT_THAT(run({"shwo", "t"}).err, HasSubstr("list, show, replay and purge"));
  EXPECT_EQ(run({"replay", "t"}).exit_code, kWrongCall);
  EXPECT_EQ(run({"show", "t", "--since", "soon"}).exit_code, kWrongCall);
  const support::Scratch none;
  testing::internal::CaptureStderr();
  EXPECT_EQ(kDlq.run({"show", "t", "--dir", none.path()}), kFailure);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("there are no dead letters"));
}

TEST(ReadLetters, TakesTheLinesOfAStream) {
  std::istringstream in(line("one", "a", "b") + "\nnonsense\n" + line("two", "a", "b"));
  std::size_t unreadable = 0;
  const auto letters = read_letters(in, unreadable);
  ASSERT_THAT(letters, SizeIs(2));
  EXPECT_EQ(letters[1].record, "two");
  EXPECT_EQ(letters[1].position, 17);
  EXPECT_EQ(unreadable, 1u);
}

}  // namespace
}  // namespace rafale::cli
