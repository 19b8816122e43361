// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The bolt against a real broker.
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "connectors/kafka/kafka_bolt.h"
#include "tests/integration/kafka/broker.h"
#include "tests/integration/runtime/components.h"
#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using support::TopicRecord;
using testing::HasSubstr;
using testing::SizeIs;
using worker::RepeatingSpout;
using worker::Snapshot;

const Schema kKeyed{{"key", FieldType::string}, {"value", FieldType::string}};

class KafkaBoltTest : public WithBroker {
 protected:
  static KafkaBoltOptions writing(const std::string& topic) {
    KafkaBoltOptions options;
    options.client.servers = server().bootstrap();
    options.topic = topic;
    return options;
  }
  /// Ids 0..n-1 as keyed rows, and a bolt behind them.
  template <class Make>
  Snapshot run(std::int64_t n, Make make) {
    TopologyBuilder builder("writer");
    builder.config("topology.replay.backoff.ms", 20);
    builder.spout("ids", [n] { return std::make_unique<RepeatingSpout>(n); }).output(worker::kId);
    builder
        .bolt("rows",
              [](const Tuple& in, BasicCollector& out) {
                const std::string id = std::to_string(in.get<std::int64_t>("id"));
                out.emit("key-" + id, id);
              })
        .shuffle("ids")
        .output(kKeyed);
    builder.bolt("save", make).shuffle("rows").blocking();
    worker::LocalOptions options;
    options.dead_letter_dir = scratch_.path();
    return worker::run(builder, options);
  }
  static std::set<std::string> values(const std::vector<TopicRecord>& records) {
    std::set<std::string> all;
    for (const TopicRecord& record : records) all.insert(record.value);
    return all;
  }

  const support::Scratch scratch_;
};

TEST_F(KafkaBoltTest, WritesEachTupleOnceWithItsKey) {
  const std::string topic = make_topic(3);
  const KafkaBoltOptions options = writing(topic);
  const Snapshot end = run(50'000, [options] { return std::make_unique<KafkaBolt>(options); });
  const auto records = server().consume(topic);
  EXPECT_THAT(records, SizeIs(50'000));
  EXPECT_THAT(values(records), SizeIs(50'000));
  EXPECT_EQ(records[0].key, "key-" + records[0].value);
  EXPECT_EQ(end.totals.acked, 50'000u);
  EXPECT_EQ(worker::counts_of(end, "save").user.at("kafka_delivered"), 50'000);
}

/// Chooses the topic by the tuple, and leaves some out.
class Sorting final : public KafkaBolt {
 public:
  Sorting(KafkaBoltOptions options, std::string odd, std::string even)
      : KafkaBolt(std::move(options)), odd_(std::move(odd)), even_(std::move(even)) {}

 protected:
  void make(const Tuple& in, std::vector<KafkaOutput>& records) override {
    const int id = std::stoi(in.get<std::string>("value"));
    if (id % 10 == 0) return;
    KafkaOutput& record = records.emplace_back();
    record.topic = id % 2 == 1 ? odd_ : even_;
    record.value = in.get<std::string_view>("value");
    record.headers = {{"kind", id % 2 == 1 ? "odd" : "even"}};
    if (id != 5) return;
    const KafkaOutput copy = record;
    records.push_back(copy);
  }

 private:
  std::string odd_, even_;
};

TEST_F(KafkaBoltTest, ATopologyChoosesTopicAndKeyOfEachTuple) {
  const std::string odd = make_topic(1);
  const std::string even = make_topic(1);
  const KafkaBoltOptions options = writing(odd);
  const Snapshot end = run(100, [=] { return std::make_unique<Sorting>(options, odd, even); });
  EXPECT_EQ(end.totals.acked, 100u);
  EXPECT_THAT(server().consume(odd), SizeIs(51)) << "number 5 is two records";
  EXPECT_THAT(server().consume(even), SizeIs(40));
  EXPECT_EQ(server().consume(odd)[0].key, std::nullopt);
}

/// Its producer dies in the middle.
class Fragile final : public KafkaBolt {
 public:
  using KafkaBolt::KafkaBolt;
  void execute(const Tuple& in, BoltCollector& out) override {
    if (++executed_ == 500) break_producer();
    KafkaBolt::execute(in, out);
  }

 private:
  int executed_ = 0;
};

TEST_F(KafkaBoltTest, AfterAFatalErrorANewProducerWritesWhatWasPending) {
  const std::string topic = make_topic(2);
  const KafkaBoltOptions options = writing(topic);
  run(2000, [options] { return std::make_unique<Fragile>(options); });
  EXPECT_THAT(values(server().consume(topic)), SizeIs(2000));
}

TEST_F(KafkaBoltTest, ARecordThatIsTooLargeIsADeadLetterAndTheOthersGoOn) {
  const std::string topic = make_topic(1);
  KafkaBoltOptions options = writing(topic);
  options.client.properties["message.max.bytes"] = "1000";
  class Growing final : public KafkaBolt {
   public:
    using KafkaBolt::KafkaBolt;
    void make(const Tuple& in, std::vector<KafkaOutput>& records) override {
      KafkaBolt::make(in, records);
      large_.assign(5000, 'x');
      if (in.get<std::string>("value") == "7") records[0].value = large_;
    }

   private:
    std::string large_;
  };
  const Snapshot end = run(10, [options] { return std::make_unique<Growing>(options); });
  EXPECT_THAT(server().consume(topic), SizeIs(9));
  EXPECT_EQ(end.totals.dead_lettered, 1u);
  EXPECT_THAT(support::read_file(scratch_ / "dead_letters.jsonl"), HasSubstr("too large"));
}

TEST_F(KafkaBoltTest, KcatReadsWhatTheBoltWroteAndTheSpoutWhatKcatWrote) {
  if (!std::filesystem::exists("/usr/bin/kcat")) GTEST_SKIP() << "needs kcat (apt install kcat)";
  const std::string topic = make_topic(1);
  const KafkaBoltOptions options = writing(topic);
  run(100, [options] { return std::make_unique<KafkaBolt>(options); });
  const auto read = support::run({"/usr/bin/kcat", "-b", server().bootstrap(), "-C", "-t", topic,
                                  "-e", "-q", "-f", "%k=%s\n"});
  EXPECT_EQ(read.exit_code, 0) << read.err;
  EXPECT_THAT(support::lines_of(read.out), SizeIs(100));
  EXPECT_THAT(read.out, HasSubstr("key-42=42\n"));

  const std::string lines = scratch_ / "lines";
  support::write_file(lines, "a:1\nb:2\n");
  const std::string back = make_topic(1);
  const auto wrote = support::run(
      {"/usr/bin/kcat", "-b", server().bootstrap(), "-P", "-t", back, "-K", ":", "-l", lines});
  EXPECT_EQ(wrote.exit_code, 0) << wrote.err;
  std::atomic<int> sum{0};
  TopologyBuilder builder("reader");
  builder.spout("records", [o = reading(back)] { return std::make_unique<KafkaSpout>(o); })
      .output(kafka_schema());
  builder
      .bolt("sum", [&](const Tuple& in,
                       BasicCollector&) { sum += std::stoi(in.get<std::string>("value")); })
      .shuffle("records");
  worker::run(builder);
  EXPECT_EQ(sum, 3);
}

}  // namespace
}  // namespace rafale::connectors
