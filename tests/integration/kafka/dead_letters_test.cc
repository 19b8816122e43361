// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Dead letters in a topic of a real Kafka.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "connectors/kafka/kafka_dead_letters.h"
#include "tests/integration/kafka/broker.h"
#include "tests/integration/runtime/components.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using worker::Snapshot;

class KafkaDeadLettersTest : public WithBroker {
 protected:
  static KafkaDeadLettersOptions burying(const std::string& topic) {
    KafkaDeadLettersOptions options;
    options.client.servers = server().bootstrap();
    options.topic = topic;
    return options;
  }
  /// Reads a topic; what is no even number goes to the dead letters after two attempts.
  static void describe(TopologyBuilder& builder, const std::string& from,
                       const KafkaDeadLettersOptions& to) {
    builder.config("topology.max.attempts", 2);
    builder.config("topology.replay.backoff.ms", 5);
    builder.config("topology.replay.backoff.max.ms", 50);
    builder.dead_letters(kafka_dead_letter_place(to),
                         [to] { return std::make_unique<KafkaDeadLetters>(to); });
    builder
        .spout("records",
               [options = reading(from)] { return std::make_unique<KafkaSpout>(options); })
        .output(kafka_schema());
    builder
        .bolt("even",
              [](const Tuple& in, BasicCollector&) {
                if (std::stoi(in.get<std::string>("value")) % 2 != 0) {
                  throw std::runtime_error("odd");
                }
              })
        .shuffle("records");
  }
  worker::LocalOptions noting() {
    worker::LocalOptions options;
    options.dead_letter_dir = scratch_ / "letters";
    options.on_error = [this](const std::string&, const std::string& text) {
      const std::lock_guard lock(mutex_);
      errors_ += text + "\n";
    };
    return options;
  }
  std::string errors() {
    const std::lock_guard lock(mutex_);
    return errors_;
  }
  /// The sorted records of the letters in a topic.
  static std::vector<int> buried(const std::string& topic) {
    std::vector<int> all;
    for (const auto& letter : server().consume(topic)) {
      all.push_back(std::stoi(nlohmann::json::parse(letter.value)["record"].get<std::string>()));
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  const support::Scratch scratch_;

 private:
  std::mutex mutex_;
  std::string errors_;
};

TEST_F(KafkaDeadLettersTest, EveryPoisonRecordIsInTheTopicAndNoFileIsMade) {
  const std::string from = make_topic(2);
  const std::string to = make_topic(1);
  server().produce(from, numbers(0, 200));
  TopologyBuilder builder("reader");
  describe(builder, from, burying(to));
  const Snapshot end = worker::run(builder, noting());
  EXPECT_EQ(end.totals.dead_lettered, 100u);
  const std::vector<int> records = buried(to);
  ASSERT_THAT(records, SizeIs(100));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(records[static_cast<std::size_t>(i)], 2 * i + 1);
  const auto letter = nlohmann::json::parse(server().consume(to)[0].value);
  EXPECT_EQ(letter["topology"], "reader");
  EXPECT_EQ(letter["component"], "records");
  EXPECT_EQ(letter["attempts"], 2);
  EXPECT_THAT(letter["source"].get<std::string>(), HasSubstr(from));
  EXPECT_THAT(letter["reason"].get<std::string>(), HasSubstr("odd"));
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "letters"));
}

TEST_F(KafkaDeadLettersTest, NoOffsetMovesPastALetterThatIsNotWritten) {
  const std::string from = make_topic(1);
  const std::string to = "letters-made-late";
  server().produce(from, numbers(0, 10));
  KafkaDeadLettersOptions options = burying(to);
  options.timeout_ms = 500;
  TopologyBuilder builder("reader");
  describe(builder, from, options);
  const auto runtime = worker::start(builder, noting());
  const std::string trouble = "cannot write a dead letter to topic 'letters-made-late' of Kafka";
  for (int i = 0; i < 3000 && errors().find(trouble) == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_THAT(errors(), HasSubstr(trouble));
  EXPECT_LE(server().committed("group-of-" + from, from, 0), 1);
  server().create_topic(to, 1);
  EXPECT_TRUE(runtime->wait_until_done(std::chrono::minutes(1)));
  EXPECT_TRUE(runtime->stop(std::chrono::seconds(30)));
  EXPECT_EQ(runtime->snapshot().totals.dead_lettered, 5u);
  EXPECT_THAT(buried(to), testing::IsSupersetOf({1, 3, 5, 7, 9}));
  EXPECT_EQ(server().committed("group-of-" + from, from, 0), 10);
}

TEST_F(KafkaDeadLettersTest, KcatShowsTheReasonAsAHeader) {
  if (!std::filesystem::exists("/usr/bin/kcat")) GTEST_SKIP() << "needs kcat (apt install kcat)";
  const std::string to = make_topic(1);
  KafkaDeadLetters letters(burying(to));
  letters.write(R"({"record":"x"})", {.record = "x", .reason = "no number"});
  const auto read = support::run({"/usr/bin/kcat", "-b", server().bootstrap(), "-C", "-t", to, "-e",
                                  "-q", "-f", "%K %h %s\n"});
  EXPECT_EQ(read.out, "-1 reason=no number {\"record\":\"x\"}\n") << read.err;
}

TEST_F(KafkaDeadLettersTest, ALetterThatIsTooLargeForTheTopicIsRefusedWithTheReason) {
  const std::string to = make_topic(1);
  KafkaDeadLettersOptions options = burying(to);
  options.client.properties["compression.type"] = "none";
  KafkaDeadLetters letters(options);
  try {
    letters.write(std::string(2'000'000, 'x'), {.reason = "large"});
    FAIL() << "2 MB went into a topic of 1 MB";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("too large"));
  }
  letters.write("small", {.reason = "small"});
  EXPECT_THAT(server().consume(to), SizeIs(1));
}

}  // namespace
}  // namespace rafale::connectors
