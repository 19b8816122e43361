// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of the spout: what it emits, when, and what it buries itself.
#include "topologies/bike_fleet/feed.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/testing.h"
#include "tests/support/scratch.h"
#include "topologies/bike_fleet/file_source.h"
#include "topologies/bike_fleet/simulator.h"
#include "topologies/bike_fleet/source_position.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

using support::Scratch;
using support::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

std::string record(int number, std::int64_t at = 0) {
  return R"({"number":)" + std::to_string(number) +
         R"(,"contract_name":"lyon","available_bikes":3,"last_update":)" + std::to_string(at) + "}";
}

class FeedTest : public ::testing::Test {
 protected:
  Feed& open(std::vector<std::string> files, double speed = 0, FileSource::Options options = {}) {
    options.moments = speed > 0;
    feed = std::make_unique<Feed>(std::make_unique<FileSource>(std::move(files), options),
                                  Format::automatic, "", speed);
    feed->open(harness);
    return *feed;
  }
  /// Calls the spout until it says what it says; returns how often it emitted before.
  Next run_until_not_emitted() {
    for (int calls = 0; calls < 100'000; ++calls) {
      const Next next = feed->next_tuple(harness.collector());
      if (next.kind() != Next::Kind::emitted) return next;
    }
    ADD_FAILURE() << "never ends";
    return Next::done();
  }
  /// True if the spout is done once all that it emitted is acked.
  bool ends() {
    if (run_until_not_emitted().kind() == Next::Kind::done) return true;
    for (const auto& tuple : harness.emitted) feed->ack(MessageId{tuple.message});
    return run_until_not_emitted().kind() == Next::Kind::done;
  }
  /// "contract/number position" of each emitted tuple.
  std::vector<std::string> emitted() const {
    std::vector<std::string> all;
    for (const auto& tuple : harness.emitted) {
      all.push_back(*tuple.values[0].as<std::string>() + "/" + *tuple.values[1].as<std::string>() +
                    " " + std::to_string(*tuple.values[2].as<std::int64_t>()));
    }
    return all;
  }

  Scratch dir;
  testing::Harness harness{{{"default", raw_schema()}, {kUnreadable, unreadable_schema()}}};
  std::unique_ptr<Feed> feed;
};

TEST_F(FeedTest, EmitsEachRecordWithItsStationAndPosition) {
  write_file(dir / "f", record(1) + "\n" + record(2) + "\n" + record(1));
  open({dir / "f"});
  EXPECT_TRUE(ends());
  EXPECT_THAT(emitted(), ElementsAre("lyon/1 1", "lyon/2 2", "lyon/1 3"));
  EXPECT_EQ(*harness.emitted[1].values[3].as<std::string>(), record(2));
}

TEST_F(FeedTest, EmitsWhatItCannotRouteWithoutAStation) {
  write_file(dir / "f", "nonsense\n\n" + record(1) + "\n");
  open({dir / "f"});
  run_until_not_emitted();
  EXPECT_THAT(emitted(), ElementsAre("/ 1", "/ 2", "lyon/1 3"));
  EXPECT_THAT(harness.dead_letters, SizeIs(0));
}

TEST_F(FeedTest, ReadsFilesOneAfterAnotherWithPositionsThatGrow) {
  write_file(dir / "a", record(1) + "\n" + record(2) + "\n");
  write_file(dir / "b", record(1) + "\n");
  open({dir / "a", dir / "b"});
  run_until_not_emitted();
  const std::int64_t second = SourcePosition{1, 1}.pack();
  EXPECT_THAT(emitted(), ElementsAre("lyon/1 1", "lyon/2 2", "lyon/1 " + std::to_string(second)));
  EXPECT_GT(second, 2);
}

TEST_F(FeedTest, DoesNotOpenWithoutAllItsFiles) {
  write_file(dir / "a", record(1) + "\n");
  EXPECT_THAT(
      [&] {
        open({dir / "a", dir / "b"});
      },
      ThrowsMessage<std::runtime_error>(HasSubstr(dir / "b: No such file")));
}

TEST_F(FeedTest, TellsWhatCannotBeReadAndGoesOnWithTheNextFile) {
  write_file(dir / "a", record(1) + "\n");
  write_file(dir / "b", "");
  write_file(dir / "c", record(3) + "\n");
  open({dir / "a", dir / "b", dir / "c"});
  std::filesystem::remove(dir / "b");
  EXPECT_TRUE(ends());
  ASSERT_THAT(harness.emitted, SizeIs(3));
  EXPECT_EQ(harness.emitted[1].stream, kUnreadable);
  EXPECT_EQ(harness.emitted[1].values[0], Value(SourcePosition{1, 1}.pack()));
  EXPECT_THAT(*harness.emitted[1].values[1].as<std::string>(),
              HasSubstr("cannot read " + (dir / "b")));
  EXPECT_THAT(harness.errors, SizeIs(1));
}

TEST_F(FeedTest, TellsOfARecordThatNoTupleCanCarry) {
  Config small;
  small.set("topology.max.tuple.bytes", Value(1000));
  testing::Harness strict({{"default", raw_schema()}, {kUnreadable, unreadable_schema()}}, {},
                          small);
  const std::string long_one =
      record(7).substr(0, record(7).size() - 1) + ",\"name\":\"" + std::string(2000, 'x') + "\"}";
  write_file(dir / "f", record(1) + "\n" + long_one + "\n" + record(2) + "\n");
  Feed spout(std::make_unique<FileSource>(std::vector{dir / "f"}, FileSource::Options()),
             Format::automatic, "", 0);
  spout.open(strict);
  while (spout.next_tuple(strict.collector()).kind() == Next::Kind::emitted) {
  }
  ASSERT_THAT(strict.emitted, SizeIs(3));
  EXPECT_EQ(strict.emitted[1].stream, kUnreadable);
  EXPECT_EQ(strict.emitted[1].values[0], Value(2));
  EXPECT_THAT(*strict.emitted[1].values[1].as<std::string>(),
              HasSubstr("longer than topology.max.tuple.bytes, 1000"));
  const std::string& kept = *strict.emitted[1].values[2].as<std::string>();
  EXPECT_EQ(kept, long_one.substr(0, kept.size()));
  EXPECT_GT(kept.size(), 800U);
}

TEST_F(FeedTest, GoesOnBehindWhatIsCompleteWithADirectoryForItsPosition) {
  write_file(dir / "a", record(1) + "\n" + record(2) + "\n" + record(3) + "\n");
  write_file(dir / "b", record(4) + "\n" + record(5) + "\n");
  const auto positions = [&](std::size_t acks) {
    testing::Harness one({{"default", raw_schema()}, {kUnreadable, unreadable_schema()}});
    Feed spout(
        std::make_unique<FileSource>(std::vector{dir / "a", dir / "b"}, FileSource::Options()),
        Format::automatic, "", 0, dir / "positions");
    spout.open(one);
    while (spout.next_tuple(one.collector()).kind() == Next::Kind::emitted) {
    }
    std::vector<std::int64_t> all;
    for (const auto& tuple : one.emitted) {
      all.push_back(*tuple.values[2].as<std::int64_t>());
      if (all.size() <= acks) spout.ack(MessageId{tuple.message});
    }
    spout.close();
    return all;
  };
  const std::int64_t second = SourcePosition{1, 0}.pack();
  EXPECT_THAT(positions(2), ElementsAre(1, 2, 3, second + 1, second + 2));
  EXPECT_THAT(positions(2), ElementsAre(3, second + 1, second + 2));
  EXPECT_THAT(positions(1), ElementsAre(second + 2));
  EXPECT_THAT(positions(0), ElementsAre());
}

TEST_F(FeedTest, PutsEachStartOfALiveSourceAboveTheOneBefore) {
  const auto first_position = [&] {
    testing::Harness one({{"default", raw_schema()}, {kUnreadable, unreadable_schema()}});
    Feed spout(std::make_unique<Simulator>(Simulator::Options()), Format::automatic, "", 0,
               dir / "positions");
    spout.open(one);
    spout.next_tuple(one.collector());
    return *one.emitted.at(0).values[2].as<std::int64_t>();
  };
  EXPECT_EQ(first_position(), 1);
  EXPECT_EQ(first_position(), (SourcePosition{1, 1}.pack()));
  EXPECT_EQ(first_position(), (SourcePosition{2, 1}.pack()));
}

TEST_F(FeedTest, ReadsNoFurtherAheadOfAnOpenRecordThanItsSpan) {
  Config many;
  many.set("topology.max.spout.pending", 1'000'000);
  testing::Harness one({{"default", raw_schema()}, {kUnreadable, unreadable_schema()}}, {}, many);
  Feed spout(std::make_unique<Simulator>(Simulator::Options()), Format::automatic, "", 0,
             dir / "positions");
  spout.open(one);
  const auto emitted = [&] {
    while (spout.next_tuple(one.collector()).kind() == Next::Kind::emitted) {
    }
    return static_cast<std::int64_t>(one.emitted.size());
  };
  ASSERT_EQ(emitted(), Feed::kSpan);
  for (std::size_t i = 1; i < 100; ++i) spout.ack(MessageId{one.emitted[i].message});
  EXPECT_EQ(emitted(), Feed::kSpan) << "the first is open";
  spout.ack(MessageId{one.emitted[0].message});
  EXPECT_EQ(emitted(), Feed::kSpan + 100);
}

TEST(SourcePositionSpan, IsCountedWithinAFileAndFromItsBeginning) {
  EXPECT_FALSE((SourcePosition{0, 5}.is_behind({0, 15}, 10)));
  EXPECT_TRUE((SourcePosition{0, 5}.is_behind({0, 16}, 10)));
  EXPECT_FALSE((SourcePosition{0, 5}.is_behind({1, 10}, 10)));
  EXPECT_TRUE((SourcePosition{0, 5}.is_behind({1, 11}, 10)));
  EXPECT_FALSE((SourcePosition{1, 5}.is_behind({0, 100}, 10)));
}

TEST_F(FeedTest, ReplaysRecordedTime) {
  constexpr std::int64_t kAt = 1'568'485'129'000;
  write_file(dir / "f", record(1, kAt) + "\n" + record(2, kAt) + "\n" + record(1, kAt + 120'000) +
                            "\n" + "nonsense\n");
  open({dir / "f"}, 600);
  Next next = run_until_not_emitted();
  EXPECT_EQ(next.kind(), Next::Kind::idle);
  EXPECT_EQ(next.pause_ns(), 200'000'000);
  EXPECT_THAT(harness.emitted, SizeIs(2));
  harness.clock_ms = 199;
  EXPECT_EQ(run_until_not_emitted().pause_ns(), 1'000'000);
  harness.clock_ms = 200;
  EXPECT_TRUE(ends());
  EXPECT_THAT(harness.emitted, SizeIs(4));
}

TEST_F(FeedTest, ReadsFromMemoryWhatItReadsFromDisk) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += record(i) + "\n";
  write_file(dir / "f", text);
  open({dir / "f"});
  run_until_not_emitted();
  const auto from_disk = emitted();
  harness.emitted.clear();
  FileSource::Options options;
  options.in_memory = true;
  open({dir / "f"}, 0, options);
  write_file(dir / "f", "");
  run_until_not_emitted();
  EXPECT_EQ(emitted(), from_disk);
  EXPECT_THAT(from_disk, SizeIs(3000));
}

TEST_F(FeedTest, DescribesAGivenUpRecordByFileAndLine) {
  harness.clock_ms = 1;
  write_file(dir / "f", record(1) + "\n" + record(2) + "\n");
  open({dir / "f"});
  run_until_not_emitted();
  const FailReason reason{.code = FailureCode::explicit_, .component = "x", .task = 1, .text = "y"};
  for (int attempt = 0; attempt < 20 && harness.dead_letters.empty(); ++attempt) {
    const MessageId id{
        harness.emitted[harness.emitted.size() > 2 ? harness.emitted.size() - 1 : 1].message};
    feed->fail(id, reason);
    harness.clock_ms += 60'000;
    run_until_not_emitted();
  }
  ASSERT_THAT(harness.dead_letters, SizeIs(1));
  EXPECT_EQ(harness.dead_letters[0].record, record(2));
  EXPECT_EQ(harness.dead_letters[0].source, dir / "f");
  EXPECT_EQ(harness.dead_letters[0].position, 2);
}

}  // namespace
}  // namespace rafale::bikes
