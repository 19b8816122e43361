// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Dead letters against the brokers that librdkafka pretends to have.
#include "connectors/kafka/kafka_dead_letters.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/connectors/kafka/mock_kafka.h"

namespace rafale::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class KafkaDeadLettersTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { kafka_ = std::make_unique<MockKafka>(); }
  static void TearDownTestSuite() { kafka_.reset(); }
  KafkaDeadLettersOptions options() const {
    KafkaDeadLettersOptions options;
    options.client.servers = kafka_->servers();
    options.topic = topic_;
    return options;
  }
  static std::string refusal(KafkaDeadLetters& letters, std::string_view line) {
    try {
      letters.write(line, {.reason = "why"});
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  }

  static inline std::unique_ptr<MockKafka> kafka_;
  const std::string topic_ = kafka_->make_topic();
};

TEST_F(KafkaDeadLettersTest, EachLetterIsARecordWithoutKeyAndWithItsReason) {
  KafkaDeadLetters letters(options());
  letters.write("{\"record\":\"a\"}", {.record = "a", .reason = "no number"});
  letters.write("{\"record\":\"b\"}", {.record = "b", .reason = ""});
  EXPECT_THAT(kafka_->records(topic_),
              ElementsAre("reason=no number;{\"record\":\"a\"}", "reason=;{\"record\":\"b\"}"));
}

TEST_F(KafkaDeadLettersTest, ALetterThatTheBrokerRefusesIsToldAndTheNextIsWritten) {
  KafkaDeadLetters letters(options());
  kafka_->refuse_next(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  EXPECT_THAT(refusal(letters, "a"), HasSubstr("too large"));
  EXPECT_THAT(kafka_->records(topic_), IsEmpty());
  EXPECT_EQ(refusal(letters, "a"), "");
  EXPECT_THAT(kafka_->records(topic_), ElementsAre("reason=why;a"));
}

TEST_F(KafkaDeadLettersTest, AFatalErrorEndsTheProducerAndNotTheNextLetter) {
  KafkaDeadLetters letters(options());
  letters.write("a", {.reason = "why"});
  kafka_->refuse_next(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
  EXPECT_THAT(refusal(letters, "b"), HasSubstr("epoch"));
  EXPECT_EQ(refusal(letters, "b"), "");
  EXPECT_THAT(kafka_->records(topic_), ElementsAre("reason=why;a", "reason=why;b"));
}

TEST_F(KafkaDeadLettersTest, ALetterThatNobodyTakesInTimeIsToldWithTheTroubleOfTheConnection) {
  KafkaDeadLettersOptions unreachable = options();
  unreachable.client.servers = "127.0.0.1:1";
  unreachable.timeout_ms = 100;
  KafkaDeadLetters letters(unreachable);
  const std::string text = refusal(letters, "a");
  EXPECT_THAT(text, HasSubstr("timed out"));
  EXPECT_THAT(text, HasSubstr("127.0.0.1:1"));
}

TEST_F(KafkaDeadLettersTest, AWrongPropertyIsRefusedAtOnce) {
  KafkaDeadLettersOptions wrong = options();
  wrong.client.properties["acks.all"] = "yes";
  EXPECT_THROW(KafkaDeadLetters{wrong}, std::invalid_argument);
}

TEST_F(KafkaDeadLettersTest, ThePlaceNamesTopicAndBrokers) {
  KafkaDeadLettersOptions options;
  options.client.servers = "a:1,b:2";
  options.topic = "graves";
  EXPECT_EQ(kafka_dead_letter_place(options), "topic 'graves' of Kafka at a:1,b:2");
}

}  // namespace
}  // namespace rafale::connectors
