// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The spout against a real broker: what it reads, where it begins, and what it commits.
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "connectors/kafka/kafka_spout.h"
#include "tests/integration/kafka/broker.h"
#include "tests/integration/runtime/components.h"
#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using support::TopicRecord;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;
using worker::LocalOptions;
using worker::LocalRuntime;
using worker::Snapshot;

/// How often each number came.
class Seen {
 public:
  explicit Seen(std::size_t most) : counts_(most) {}
  void add(const Tuple& in) {
    ++counts_.at(std::stoul(in.get<std::string>("value")));
    ++total_;
  }
  std::size_t total() const { return total_; }
  /// Of the numbers from `first` on.
  std::size_t missing(std::size_t first, std::size_t count) const {
    std::size_t missing = 0;
    for (std::size_t i = first; i < first + count; ++i) missing += counts_[i] == 0;
    return missing;
  }

 private:
  std::vector<std::atomic<int>> counts_;
  std::atomic<std::size_t> total_{0};
};

bool wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 3000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

class KafkaSpoutTest : public WithBroker {
 protected:
  /// A topology of the spout and a bolt that adds what comes to `seen`.
  void build(TopologyBuilder& builder, const KafkaSpoutOptions& options, Seen& seen,
             std::uint32_t parallelism = 1) {
    builder.spout("records", [options] { return std::make_unique<KafkaSpout>(options); })
        .output(kafka_schema())
        .parallelism(parallelism);
    builder.bolt("seen", [&seen](const Tuple& in, BasicCollector&) { seen.add(in); })
        .shuffle("records");
  }
  Snapshot run(const KafkaSpoutOptions& options, Seen& seen, std::uint32_t parallelism = 1) {
    TopologyBuilder builder("reader");
    build(builder, options, seen, parallelism);
    return worker::run(builder, logging());
  }
  LocalOptions logging() {
    LocalOptions options;
    options.dead_letter_dir = scratch_.path();
    options.on_error = [this](const std::string&, const std::string& text) {
      const std::lock_guard lock(mutex_);
      errors_.push_back(text);
    };
    return options;
  }
  std::string errors() {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const std::string& error : errors_) all += error + "\n";
    return all;
  }

  const support::Scratch scratch_;
  std::mutex mutex_;
  std::vector<std::string> errors_;
};

TEST_F(KafkaSpoutTest, EveryRecordOfAMillionIsReadAndCommitted) {
  constexpr int kRecords = 1'000'000;
  const std::string topic = make_topic(3);
  server().produce(topic, numbers(0, kRecords));
  Seen seen(kRecords);
  const Snapshot end = run(reading(topic), seen, 2);
  EXPECT_EQ(seen.missing(0, kRecords), 0u);
  EXPECT_EQ(seen.total(), kRecords);
  EXPECT_EQ(end.totals.acked, kRecords);
  for (int partition = 0; partition < 3; ++partition) {
    EXPECT_EQ(server().committed("group-of-" + topic, topic, partition),
              server().end(topic, partition));
  }
}

TEST_F(KafkaSpoutTest, ARecordComesWithAllThatBelongsToIt) {
  const std::string topic = make_topic(1);
  server().produce(topic, {{.key = std::nullopt, .value = "plain", .timestamp_ms = 1'000},
                           {.key = "k", .value = "keyed", .timestamp_ms = 2'000}});
  std::mutex mutex;
  std::vector<std::string> rows;
  TopologyBuilder builder("reader");
  builder
      .spout("records",
             [options = reading(topic)] { return std::make_unique<KafkaSpout>(options); })
      .output(kafka_schema());
  builder
      .bolt("rows",
            [&](const Tuple& in, BasicCollector&) {
              const std::lock_guard lock(mutex);
              rows.push_back(in.to_json());
            })
      .global("records");
  worker::run(builder);
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0], R"({"topic":")" + topic +
                         R"(","partition":0,"offset":0,"key":null,"value":"plain",)"
                         R"("timestamp":1000,"headers":null})");
  EXPECT_EQ(rows[1], R"({"topic":")" + topic +
                         R"(","partition":0,"offset":1,"key":"k","value":"keyed",)"
                         R"("timestamp":2000,"headers":null})");
}

TEST_F(KafkaSpoutTest, ASecondRunGoesOnWhereTheFirstCommitted) {
  const std::string topic = make_topic(2);
  server().produce(topic, numbers(0, 1000));
  Seen first(2000);
  run(reading(topic), first);
  EXPECT_EQ(first.total(), 1000u);
  server().produce(topic, numbers(1000, 500));
  Seen second(2000);
  run(reading(topic), second);
  EXPECT_EQ(second.total(), 500u);
  EXPECT_EQ(second.missing(1000, 500), 0u);
}

TEST_F(KafkaSpoutTest, NoOffsetIsCommittedAheadOfARecordThatIsNotAcked) {
  const std::string topic = make_topic(1);
  server().produce(topic, numbers(0, 1000));
  std::atomic<int> done{0};
  TopologyBuilder builder("reader");
  builder
      .spout("records",
             [options = reading(topic)] { return std::make_unique<KafkaSpout>(options); })
      .output(kafka_schema());
  builder
      .bolt("holds",
            [&] {
              class Holds final : public Bolt {
               public:
                explicit Holds(std::atomic<int>& done) : done_(done) {}
                void execute(const Tuple& in, BoltCollector& out) override {
                  // Number 300 is never acked.
                  if (in.get<std::string>("value") == "300") {
                    kept_ = out.detach(in);
                  } else {
                    out.ack(in);
                    ++done_;
                  }
                }

               private:
                std::atomic<int>& done_;
                Anchor kept_;
              };
              return std::make_unique<Holds>(done);
            })
      .global("records");
  auto runtime = worker::start(builder, logging());
  ASSERT_TRUE(wait_until([&] { return done == 999; }));
  ASSERT_TRUE(wait_until([&] { return server().committed("group-of-" + topic, topic, 0) == 300; }));
  runtime.reset();  // at once, as far as a process can end so from within
  EXPECT_EQ(server().committed("group-of-" + topic, topic, 0), 300);
  Seen again(1000);
  run(reading(topic), again);
  EXPECT_EQ(again.missing(300, 700), 0u);
  EXPECT_EQ(again.total(), 700u);
}

TEST_F(KafkaSpoutTest, BeginsAtTheEndOrAtATimeWhenToldSo) {
  const std::string topic = make_topic(1);
  std::vector<TopicRecord> records = numbers(0, 10);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].timestamp_ms = 1'000'000 + static_cast<std::int64_t>(i) * 1000;
  }
  server().produce(topic, records);

  KafkaSpoutOptions options = reading(topic);
  options.group = "at-a-time";
  options.start = {KafkaStart::At::timestamp, 1'006'500};
  Seen late(10);
  run(options, late);
  EXPECT_EQ(late.total(), 3u);
  EXPECT_EQ(late.missing(7, 3), 0u);

  options.group = "at-the-end";
  options.start = {KafkaStart::At::latest, 0};
  Seen none(10);
  run(options, none);
  EXPECT_EQ(none.total(), 0u);
}

TEST_F(KafkaSpoutTest, AnEmptyTopicIsWaitedForAndItsNewPartitionsAreFound) {
  const std::string topic = make_topic(1);
  KafkaSpoutOptions options = reading(topic);
  options.until_end = false;
  options.refresh_ms = 200;
  Seen seen(300);
  TopologyBuilder builder("reader");
  build(builder, options, seen, 2);
  auto runtime = worker::start(builder, logging());
  server().produce(topic, numbers(0, 100));
  ASSERT_TRUE(wait_until([&] { return seen.total() == 100; })) << errors();
  server().add_partitions(topic, 4);
  std::vector<TopicRecord> more = numbers(100, 200);
  for (std::size_t i = 0; i < more.size(); ++i) more[i].partition = static_cast<int>(i % 4);
  server().produce(topic, more);
  ASSERT_TRUE(wait_until([&] { return seen.missing(0, 300) == 0; })) << errors();
  EXPECT_TRUE(runtime->stop(std::chrono::seconds(20)));
  EXPECT_EQ(seen.total(), 300u);
}

TEST_F(KafkaSpoutTest, APatternReadsAllTopicsThatItFits) {
  server().create_topic("fits-1", 1);
  server().create_topic("fits-2", 2);
  server().create_topic("other", 1);
  server().produce("fits-1", numbers(0, 10));
  server().produce("fits-2", numbers(10, 10));
  server().produce("other", numbers(20, 10));
  KafkaSpoutOptions options = reading("^fits-.*");
  options.group = "patterns";
  Seen seen(30);
  run(options, seen);
  EXPECT_EQ(seen.total(), 20u);
  EXPECT_EQ(seen.missing(0, 20), 0u);
}

TEST_F(KafkaSpoutTest, APoisonRecordIsInTheDeadLettersBeforeItsOffsetIsCommitted) {
  const std::string topic = make_topic(1);
  server().produce(topic, numbers(0, 100));
  std::atomic<int> attempts{0};
  TopologyBuilder builder("reader");
  builder.config("topology.max.attempts", 3);
  builder.config("topology.replay.backoff.ms", 20);
  builder
      .spout("records",
             [options = reading(topic)] { return std::make_unique<KafkaSpout>(options); })
      .output(kafka_schema());
  builder
      .bolt("picky",
            [&](const Tuple& in, BasicCollector&) {
              if (in.get<std::string>("value") != "42") return;
              // Before the last attempt nothing behind it can have been committed.
              if (++attempts < 3) {
                EXPECT_LE(server().committed("group-of-" + topic, topic, 0), 42);
              }
              throw std::runtime_error("bad number");
            })
      .global("records");
  const Snapshot end = worker::run(builder, logging());
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(end.totals.dead_lettered, 1u);
  const std::string letters = support::read_file(scratch_ / "dead_letters.jsonl");
  EXPECT_THAT(letters, HasSubstr(R"("record":"42")"));
  EXPECT_THAT(letters, HasSubstr(R"("source":")" + topic + R"(/0","position":42)"));
  EXPECT_THAT(letters, HasSubstr("bad number"));
  EXPECT_EQ(server().committed("group-of-" + topic, topic, 0), 100);
}

TEST_F(KafkaSpoutTest, ARecordOfWhichNoTupleCanBeMadeIsADeadLetter) {
  const std::string topic = make_topic(1);
  server().produce(topic, {{.key = {}, .value = "1"},
                           {.key = {}, .value = std::string(5000, 'x')},
                           {.key = {}, .value = "2"}});
  Seen seen(10);
  TopologyBuilder builder("reader");
  builder.config("topology.max.tuple.bytes", 1000);
  build(builder, reading(topic), seen);
  worker::run(builder, logging());
  EXPECT_EQ(seen.total(), 2u);
  EXPECT_THAT(support::read_file(scratch_ / "dead_letters.jsonl"),
              HasSubstr(R"("source":")" + topic + R"(/0","position":1)"));
  EXPECT_EQ(server().committed("group-of-" + topic, topic, 0), 3);
}

TEST_F(KafkaSpoutTest, AGapIsReportedWithItsSizeAndReadingGoesOn) {
  const std::string topic = make_topic(1);
  server().produce(topic, numbers(0, 100));
  Seen first(300);
  run(reading(topic), first);
  server().produce(topic, numbers(100, 100));
  server().delete_records(topic, 0, 150);
  Seen second(300);
  const Snapshot end = run(reading(topic), second);
  EXPECT_EQ(second.total(), 50u);
  EXPECT_EQ(second.missing(150, 50), 0u);
  EXPECT_THAT(errors(), HasSubstr(topic + "/0: the records 100 to 149 were deleted"));
  EXPECT_EQ(worker::counts_of(end, "records").user.at("kafka_gap_records"), 50);
}

TEST_F(KafkaSpoutTest, APartitionThatIsFullOfOpenRecordsIsPausedAndLosesNothing) {
  const std::string topic = make_topic(2);
  server().produce(topic, numbers(0, 20'000));
  KafkaSpoutOptions options = reading(topic);
  options.max_uncommitted = 50;
  Seen seen(20'000);
  run(options, seen);
  EXPECT_EQ(seen.missing(0, 20'000), 0u);
  EXPECT_EQ(seen.total(), 20'000u);
}

TEST_F(KafkaSpoutTest, AtMostOnceCommitsBeforeItEmits) {
  const std::string topic = make_topic(2);
  server().produce(topic, numbers(0, 2000));
  KafkaSpoutOptions options = reading(topic);
  options.guarantee = KafkaGuarantee::at_most_once;
  Seen seen(2000);
  std::atomic<bool> ahead{false};
  TopologyBuilder builder("reader");
  builder.spout("records", [options] { return std::make_unique<KafkaSpout>(options); })
      .output(kafka_schema());
  builder
      .bolt("seen",
            [&](const Tuple& in, BasicCollector&) {
              seen.add(in);
              if (in.get<std::int64_t>("offset") % 200 != 0) return;
              const auto partition = static_cast<int>(in.get<std::int64_t>("partition"));
              if (server().committed(options.group, topic, partition) <=
                  in.get<std::int64_t>("offset")) {
                ahead = true;
              }
            })
      .global("records");
  worker::run(builder, logging());
  EXPECT_FALSE(ahead);
  EXPECT_EQ(seen.missing(0, 2000), 0u);
  EXPECT_EQ(seen.total(), 2000u);
}

TEST_F(KafkaSpoutTest, AMissingTopicIsReportedAndFoundWhenItIsMade) {
  KafkaSpoutOptions options = reading("made-later");
  options.until_end = false;
  Seen seen(10);
  TopologyBuilder builder("reader");
  build(builder, options, seen);
  auto runtime = worker::start(builder, logging());
  ASSERT_TRUE(wait_until([&] { return errors().find("made-later") != std::string::npos; }));
  server().create_topic("made-later", 1);
  server().produce("made-later", numbers(0, 10));
  EXPECT_TRUE(wait_until([&] { return seen.total() == 10; })) << errors();
  EXPECT_TRUE(runtime->stop(std::chrono::seconds(20)));
}

}  // namespace
}  // namespace rafale::connectors
