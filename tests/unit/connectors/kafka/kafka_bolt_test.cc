// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The bolt against a broker that librdkafka pretends to have.
#include "connectors/kafka/kafka_bolt.h"

#include <sched.h>

#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "rafale/testing.h"
#include "tests/unit/connectors/kafka/mock_kafka.h"

namespace rafale::connectors {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

/// Its producer dies when the test says so.
class Fragile final : public KafkaBolt {
 public:
  using KafkaBolt::KafkaBolt;
  void die() { break_producer(); }
};

class KafkaBoltTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { kafka_ = std::make_unique<MockKafka>(); }
  static void TearDownTestSuite() { kafka_.reset(); }
  KafkaBoltOptions options() const {
    KafkaBoltOptions options;
    options.client.servers = kafka_->servers();
    options.topic = topic_;
    return options;
  }
  template <class Bolt>
  void execute(Bolt& bolt, const std::string& key, const std::string& value) {
    harness_.execute(bolt, "in", key, value);
  }
  /// Runs what the bolt hears from its client until so many tuples are acked or failed.
  void wait_for(std::size_t tuples) {
    while (harness_.acked + harness_.failed.size() < tuples) {
      harness_.run_posted();
      sched_yield();
    }
  }

  static inline std::unique_ptr<MockKafka> kafka_;
  const std::string topic_ = kafka_->make_topic();
  testing::Harness harness_{
      {}, {{"in", "default", {{"key", FieldType::string}, {"value", FieldType::string}}}}};
};

TEST_F(KafkaBoltTest, AcksATupleWhenItsRecordIsDelivered) {
  KafkaBolt bolt(options());
  bolt.prepare(harness_, harness_.bolt_collector());
  execute(bolt, "k", "one");
  execute(bolt, "k", "two");
  EXPECT_EQ(harness_.acked, 0u);
  wait_for(2);
  bolt.cleanup();
  EXPECT_EQ(harness_.acked, 2u);
  EXPECT_EQ(harness_.counters["kafka_delivered"], 2);
  EXPECT_THAT(kafka_->records(topic_), ElementsAre("k:one", "k:two"));
}

TEST_F(KafkaBoltTest, WaitsWhileTheQueueOfItsClientIsFull) {
  KafkaBoltOptions narrow = options();
  narrow.client.properties["queue.buffering.max.messages"] = "2";
  KafkaBolt bolt(narrow);
  bolt.prepare(harness_, harness_.bolt_collector());
  for (int i = 0; i < 20; ++i) execute(bolt, "k", std::to_string(i));
  wait_for(20);
  bolt.cleanup();
  EXPECT_EQ(harness_.acked, 20u);
  EXPECT_THAT(kafka_->records(topic_), SizeIs(20));
}

TEST_F(KafkaBoltTest, WhatTheBrokerRefusesFailsWithItsReason) {
  KafkaBolt bolt(options());
  bolt.prepare(harness_, harness_.bolt_collector());
  kafka_->refuse_next(RD_KAFKA_RESP_ERR_INVALID_RECORD);
  execute(bolt, "k", "one");
  wait_for(1);
  bolt.cleanup();
  EXPECT_THAT(harness_.failed, ElementsAre(HasSubstr("failed to validate record")));
  EXPECT_THAT(kafka_->records(topic_), IsEmpty());
}

TEST_F(KafkaBoltTest, WhatTheBrokerFindsTooLargeIsADeadLetterAndAcked) {
  KafkaBolt bolt(options());
  bolt.prepare(harness_, harness_.bolt_collector());
  kafka_->refuse_next(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  execute(bolt, "k", "large");
  wait_for(1);
  bolt.cleanup();
  EXPECT_EQ(harness_.acked, 1u);
  ASSERT_THAT(harness_.dead_letters, SizeIs(1));
  EXPECT_EQ(harness_.dead_letters[0].record, "large");
  EXPECT_THAT(harness_.dead_letters[0].reason, HasSubstr("too large"));
}

TEST_F(KafkaBoltTest, ATupleFailsWhenItsDeadLetterCannotBeWritten) {
  KafkaBolt bolt(options());
  bolt.prepare(harness_, harness_.bolt_collector());
  kafka_->refuse_next(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  harness_.dead_letters_fail = true;
  execute(bolt, "k", "large");
  wait_for(1);
  bolt.cleanup();
  EXPECT_EQ(harness_.acked, 0u);
  EXPECT_THAT(harness_.failed, ElementsAre(HasSubstr("not delivered to topic")));
}

TEST_F(KafkaBoltTest, AFatalErrorFailsAllThatIsPendingWithItsTextAndANewProducerGoesOn) {
  KafkaBoltOptions slow = options();
  slow.linger_ms = 10'000;
  Fragile bolt(slow);
  bolt.prepare(harness_, harness_.bolt_collector());
  execute(bolt, "k", "one");
  execute(bolt, "k", "two");
  bolt.die();
  wait_for(2);
  EXPECT_THAT(harness_.failed, SizeIs(2));
  EXPECT_THAT(harness_.failed, Each(HasSubstr("a test")));
  EXPECT_THAT(harness_.errors, ::testing::Contains(HasSubstr("a new one is made")));
  execute(bolt, "k", "three");
  bolt.cleanup();  // delivers what lingers
  EXPECT_EQ(harness_.acked, 1u);
  EXPECT_THAT(kafka_->records(topic_), IsSupersetOf({std::string("k:three")}));
}

}  // namespace
}  // namespace rafale::connectors
