// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of reading lines from plain and compressed files.
#include "connectors/file/line_reader.h"

#include <zstd.h>

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using support::Scratch;
using support::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string compressed(std::string_view text, int level = 3) {
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), level);
  EXPECT_FALSE(ZSTD_isError(size));
  frame.resize(size);
  return frame;
}

struct Read {
  std::string text;
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  bool cut = false;
  friend bool operator==(const Read&, const Read&) = default;
};

std::vector<Read> read_all(const std::string& path, LineReader::Options options = {}) {
  std::vector<Read> lines;
  LineReader reader(path, options);
  for (Line line; reader.next(line);) {
    lines.push_back({std::string(line.text), line.number, line.offset, line.cut});
  }
  return lines;
}

std::vector<std::string> texts(const std::string& path, LineReader::Options options = {}) {
  std::vector<std::string> lines;
  for (Read& line : read_all(path, options)) lines.push_back(std::move(line.text));
  return lines;
}

TEST(LineReader, GivesEachLineWithItsNumberAndOffset) {
  const Scratch dir;
  write_file(dir / "f", "one\n\nthree\n");
  EXPECT_THAT(read_all(dir / "f"),
              ElementsAre(Read{"one", 1, 0}, Read{"", 2, 4}, Read{"three", 3, 5}));
}

TEST(LineReader, CountsALastLineWithoutLineFeed) {
  const Scratch dir;
  write_file(dir / "f", "one\ntwo");
  EXPECT_THAT(texts(dir / "f"), ElementsAre("one", "two"));
}

TEST(LineReader, GivesNothingForAnEmptyFile) {
  const Scratch dir;
  write_file(dir / "f", "");
  EXPECT_THAT(texts(dir / "f"), ElementsAre());
}

TEST(LineReader, DropsOneCarriageReturnAndTheByteOrderMark) {
  const Scratch dir;
  write_file(dir / "f", "\xef\xbb\xbfone\r\ntwo\r\r\nthree\r");
  EXPECT_THAT(read_all(dir / "f"),
              ElementsAre(Read{"one", 1, 3}, Read{"two\r", 2, 8}, Read{"three", 3, 14}));
}

TEST(LineReader, KeepsBytesThatAreNoText) {
  const Scratch dir;
  const std::string line("a\0\xff", 3);
  write_file(dir / "f", line + "\n" + line);
  EXPECT_THAT(texts(dir / "f"), ElementsAre(line, line));
}

TEST(LineReader, ReadsLinesAcrossTheBordersOfItsBlock) {
  const Scratch dir;
  std::vector<std::string> wanted;
  std::string text;
  for (std::size_t i = 0; text.size() < (std::size_t{1} << 20); ++i) {
    wanted.push_back(std::string(i * 37 % 5000, static_cast<char>('a' + i % 26)));
    text += wanted.back() + '\n';
  }
  write_file(dir / "f", text);
  EXPECT_EQ(texts(dir / "f"), wanted);
  LineReader::Options in_memory;
  in_memory.in_memory = true;
  EXPECT_EQ(texts(dir / "f", in_memory), wanted);
  write_file(dir / "f.zst", compressed(text));
  EXPECT_EQ(texts(dir / "f.zst"), wanted);
  EXPECT_EQ(texts(dir / "f.zst", in_memory), wanted);
}

TEST(LineReader, ReadsALineThatIsLongerThanItsBlock) {
  const Scratch dir;
  const std::string line(std::size_t{3} << 20, 'x');
  write_file(dir / "f", "a\n" + line + "\nb");
  EXPECT_THAT(texts(dir / "f"), ElementsAre("a", line, "b"));
}

TEST(LineReader, CutsALineAboveTheLimitAndGoesOnBehindIt) {
  const Scratch dir;
  const std::string line(std::size_t{2} << 20, 'x');
  write_file(dir / "f", "a\n" + line + "\nb\n");
  LineReader::Options options;
  options.max_line = 1000;
  EXPECT_THAT(read_all(dir / "f", options),
              ElementsAre(Read{"a", 1, 0}, Read{std::string(1000, 'x'), 2, 2, true},
                          Read{"b", 3, 3 + line.size()}));
}

TEST(LineReader, CutsAnEndlessLastLine) {
  const Scratch dir;
  write_file(dir / "f", std::string(std::size_t{2} << 20, 'x'));
  LineReader::Options options;
  options.max_line = 10;
  EXPECT_THAT(read_all(dir / "f", options), ElementsAre(Read{"xxxxxxxxxx", 1, 0, true}));
}

TEST(LineReader, KeepsViewsInMemoryValid) {
  const Scratch dir;
  write_file(dir / "f", "one\ntwo\n");
  LineReader::Options options;
  options.in_memory = true;
  LineReader reader(dir / "f", options);
  Line first, second;
  ASSERT_TRUE(reader.next(first));
  ASSERT_TRUE(reader.next(second));
  EXPECT_EQ(first.text, "one");
  EXPECT_EQ(second.text, "two");
}

TEST(LineReader, TellsCompressionByContentToo) {
  const Scratch dir;
  write_file(dir / "plain_name", compressed("one\ntwo\n"));
  EXPECT_THAT(texts(dir / "plain_name"), ElementsAre("one", "two"));
}

TEST(LineReader, ReadsSeveralFramesAsOneFile) {
  const Scratch dir;
  write_file(dir / "f.zst", compressed("one\nt") + compressed("") + compressed("wo\n"));
  EXPECT_THAT(texts(dir / "f.zst"), ElementsAre("one", "two"));
}

TEST(LineReader, ReadsHighlyCompressedText) {
  const Scratch dir;
  const std::string line(std::size_t{5} << 20, 'x');
  write_file(dir / "f.zst", compressed(line + "\n" + line, 19));
  EXPECT_THAT(texts(dir / "f.zst"), ElementsAre(line, line));
}

TEST(LineReader, NamesTheFileThatCannotBeOpened) {
  const Scratch dir;
  const auto open = [&](std::string path) { return [path] { LineReader reader(path); }; };
  EXPECT_THAT(open(dir / "missing"),
              ThrowsMessage<std::runtime_error>(HasSubstr(dir / "missing: No such file")));
  EXPECT_THAT(open(dir.path()), ThrowsMessage<std::runtime_error>(HasSubstr("is a directory")));
  write_file(dir / "fake.zst", "no zstd");
  EXPECT_THAT(open(dir / "fake.zst"),
              ThrowsMessage<std::runtime_error>(HasSubstr("holds no zstd data")));
}

TEST(LineReader, GivesTheLinesBeforeDamageAndThenTheError) {
  const Scratch dir;
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919) + '\n';
  const std::string whole = compressed(text);
  write_file(dir / "f.zst", whole.substr(0, whole.size() / 2));
  LineReader reader(dir / "f.zst");
  Line line;
  std::uint64_t lines = 0;
  const auto read = [&] {
    while (reader.next(line)) ++lines;
  };
  EXPECT_THAT(read,
              ThrowsMessage<std::runtime_error>(HasSubstr("f.zst: its zstd data is cut off")));
  EXPECT_GT(lines, 0U);
  EXPECT_FALSE(reader.next(line));
}

TEST(LineReader, ReportsDamagedZstdData) {
  const Scratch dir;
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919) + '\n';
  std::string frame = compressed(text);
  for (std::size_t i = frame.size() / 2; i < frame.size() / 2 + 64; ++i) frame[i] ^= 0x55;
  write_file(dir / "f.zst", frame);
  EXPECT_THAT([&] { texts(dir / "f.zst"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("zstd data is")));
}

}  // namespace
}  // namespace rafale::connectors
