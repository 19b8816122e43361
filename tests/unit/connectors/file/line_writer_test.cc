// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of writing to files so that the caller knows what has arrived.
#include "connectors/file/line_writer.h"

#include <string>
#include <system_error>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using support::read_file;
using support::Scratch;
using support::write_file;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ParseSync, KnowsItsThreeNamesOnly) {
  EXPECT_EQ(parse_sync("none"), Sync::none);
  EXPECT_EQ(parse_sync("batch"), Sync::batch);
  EXPECT_EQ(parse_sync("always"), Sync::always);
  EXPECT_EQ(parse_sync("Always"), std::nullopt);
  EXPECT_EQ(parse_sync(""), std::nullopt);
}

TEST(LineWriter, WritesWhatItIsGiven) {
  const Scratch dir;
  LineWriter writer(dir / "f", {});
  std::error_code error;
  EXPECT_EQ(writer.write("one\n", error), 4U);
  EXPECT_EQ(writer.write("two\n", error), 4U);
  EXPECT_FALSE(error);
  EXPECT_EQ(read_file(dir / "f"), "one\ntwo\n");
}

TEST(LineWriter, RefusesAFileThatIsThere) {
  const Scratch dir;
  write_file(dir / "f", "");
  EXPECT_THAT([&] { LineWriter(dir / "f", {}); },
              ThrowsMessage<std::runtime_error>(HasSubstr(dir / "f: File exists")));
}

TEST(LineWriter, NamesTheFileThatCannotBeMade) {
  const Scratch dir;
  EXPECT_THAT([&] { LineWriter(dir / "missing/f", {}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("missing/f: No such file")));
}

TEST(LineWriter, AppendsBehindTheLastWholeLine) {
  const Scratch dir;
  std::string lines(5000, 'a');
  lines += "\nb\n";
  for (const std::size_t torn : {0, 4, 9000}) {
    write_file(dir / "f", lines + std::string(torn, 't'));
    LineWriter writer(dir / "f", {.append = true});
    std::error_code error;
    writer.write("new\n", error);
    EXPECT_FALSE(error);
    EXPECT_EQ(read_file(dir / "f"), lines + "new\n") << torn;
  }
}

TEST(LineWriter, AppendsToAFileOfOneTornLine) {
  const Scratch dir;
  write_file(dir / "f", std::string(9000, 't'));
  LineWriter writer(dir / "f", {.append = true});
  std::error_code error;
  writer.write("new\n", error);
  EXPECT_EQ(read_file(dir / "f"), "new\n");
}

TEST(LineWriter, NeverWritesOverWhatAnotherHasWritten) {
  const Scratch dir;
  LineWriter leftover(dir / "f", {.append = true});
  std::error_code error;
  leftover.write("one\n", error);
  LineWriter heir(dir / "f", {.append = true});
  heir.write("two\n", error);
  leftover.write("three\n", error);
  heir.write("four\n", error);
  EXPECT_FALSE(error);
  EXPECT_EQ(read_file(dir / "f"), "one\ntwo\nthree\nfour\n");
}

TEST(LineWriter, TellsAFullDisk) {
  LineWriter writer("/dev/full", {.append = true});
  std::error_code error;
  EXPECT_EQ(writer.write("one\n", error), 0U);
  EXPECT_EQ(error, std::errc::no_space_on_device);
}

TEST(LineWriter, SyncsFilesAndWhatCannotBeSynced) {
  const Scratch dir;
  LineWriter file(dir / "f", {.append = false, .sync = Sync::always});
  std::error_code error;
  file.write("one\n", error);
  file.sync(4, error);
  EXPECT_FALSE(error);
  LineWriter device("/dev/null", {.append = true, .sync = Sync::batch});
  device.write("one\n", error);
  device.sync(4, error);
  EXPECT_FALSE(error);
}

}  // namespace
}  // namespace rafale::connectors
