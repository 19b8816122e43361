// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of sinks that ack what was written and nothing else.
#include "connectors/file/line_sink.h"

#include <sys/resource.h>

#include <csignal>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/testing.h"
#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using support::read_file;
using support::Scratch;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using OnError = LineSink::OnError;

/// Writes each tuple's text as a line; flushes only when the test says so.
class Sink final : public Bolt {
 public:
  Sink(LineWriter writer, OnError on_error) : sink(std::move(writer), on_error) {}
  void execute(const Tuple& in, BoltCollector& out) override {
    if (in.is_tick()) {
      sink.tick(out);
      return;
    }
    const auto text = in.get<std::string_view>(0);
    if (!text.empty()) sink.text().append(text) += '\n';
    sink.add(in, out);
  }
  LineSink sink;
};

class LineSinkTest : public ::testing::Test {
 protected:
  void execute(Sink& sink, const std::string& text) { harness.execute(sink, "in", text); }

  Scratch dir;
  testing::Harness harness{{}, {{"in", "default", {{"text", FieldType::string}}}}};
};

/// Writes beyond this size fail with "File too large", part of the way first.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
    set(bytes);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  void set(rlim_t bytes) {
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  void lift() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(LineSinkTest, AcksWhenTheLinesAreInTheFile) {
  Sink sink(LineWriter(dir / "f", {}), OnError::fail);
  execute(sink, "one");
  execute(sink, "two");
  EXPECT_EQ(harness.acked, 0U);
  EXPECT_EQ(read_file(dir / "f"), "");
  sink.sink.flush(harness.bolt_collector());
  EXPECT_EQ(harness.acked, 2U);
  EXPECT_EQ(read_file(dir / "f"), "one\ntwo\n");
  EXPECT_EQ(sink.sink.waiting(), 0U);
}

TEST_F(LineSinkTest, AcksTuplesWithoutLinesInTheirTurn) {
  Sink sink(LineWriter(dir / "f", {}), OnError::fail);
  execute(sink, "");
  execute(sink, "one");
  execute(sink, "");
  EXPECT_EQ(harness.acked, 0U);
  sink.sink.flush(harness.bolt_collector());
  EXPECT_EQ(harness.acked, 3U);
}

TEST_F(LineSinkTest, WritesEachTupleAtOnceWithSyncAlways) {
  Sink sink(LineWriter(dir / "f", {.append = false, .sync = Sync::always}), OnError::fail);
  execute(sink, "one");
  EXPECT_EQ(harness.acked, 1U);
  EXPECT_EQ(read_file(dir / "f"), "one\n");
}

TEST_F(LineSinkTest, WritesBeforeTheFlushWhenMuchHasGathered) {
  Sink sink(LineWriter(dir / "f", {}), OnError::fail);
  execute(sink, std::string(std::size_t{2} << 20, 'x'));
  EXPECT_EQ(harness.acked, 1U);
}

TEST_F(LineSinkTest, FailsWhatAFullDiskRefusesAndGoesOn) {
  Sink sink(LineWriter("/dev/full", {.append = true}), OnError::fail);
  execute(sink, "one");
  execute(sink, "two");
  sink.sink.flush(harness.bolt_collector());
  EXPECT_EQ(harness.acked, 0U);
  ASSERT_THAT(harness.failed, SizeIs(2));
  EXPECT_THAT(harness.failed, Each(HasSubstr("cannot write /dev/full: No space left on device")));
  EXPECT_THAT(harness.errors, SizeIs(1));
  execute(sink, "three");
  sink.sink.flush(harness.bolt_collector());
  EXPECT_THAT(harness.failed, SizeIs(3));
}

TEST_F(LineSinkTest, HoldsWhatAFullDiskRefusesAndStartsTimeoutsAnew) {
  Sink sink(LineWriter("/dev/full", {.append = true}), OnError::hold);
  execute(sink, "one");
  execute(sink, "two");
  sink.sink.flush(harness.bolt_collector());
  EXPECT_EQ(harness.acked, 0U);
  EXPECT_THAT(harness.failed, SizeIs(0));
  EXPECT_EQ(sink.sink.waiting(), 2U);
  harness.tick(sink);
  EXPECT_EQ(harness.timeout_resets, 2U);
  EXPECT_THAT(harness.errors, Each(HasSubstr("No space left on device")));
}

TEST_F(LineSinkTest, AcksTheLinesBeforeAPartialWriteAndKeepsTheFileWellFormed) {
  Sink sink(LineWriter(dir / "f", {}), OnError::fail);
  FileSizeLimit limit(10);
  execute(sink, "one");
  execute(sink, "two");
  execute(sink, "three");  // its first two bytes fit
  execute(sink, "four");
  sink.sink.flush(harness.bolt_collector());
  EXPECT_EQ(harness.acked, 2U);
  EXPECT_THAT(harness.failed, SizeIs(2));
  EXPECT_EQ(read_file(dir / "f"), "one\ntwo\nth");
  limit.lift();
  execute(sink, "five");
  sink.sink.flush(harness.bolt_collector());
  EXPECT_EQ(harness.acked, 3U);
  EXPECT_EQ(read_file(dir / "f"), "one\ntwo\nthree\nfive\n");
}

TEST_F(LineSinkTest, GoesOnWhereAPartialWriteEndedWhenItHolds) {
  Sink sink(LineWriter(dir / "f", {}), OnError::hold);
  FileSizeLimit limit(10);
  for (const char* text : {"one", "two", "three", "four"}) execute(sink, text);
  sink.sink.flush(harness.bolt_collector());
  EXPECT_EQ(harness.acked, 2U);
  EXPECT_EQ(sink.sink.waiting(), 2U);
  limit.lift();
  execute(sink, "five");
  harness.tick(sink);
  EXPECT_EQ(harness.acked, 5U);
  EXPECT_THAT(harness.failed, SizeIs(0));
  EXPECT_EQ(read_file(dir / "f"), "one\ntwo\nthree\nfour\nfive\n");
}

}  // namespace
}  // namespace rafale::connectors
