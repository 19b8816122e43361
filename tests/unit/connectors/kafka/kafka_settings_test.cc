// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Properties from files, and settings that topologies declare.
#include "connectors/kafka/kafka_settings.h"

#include <memory>
#include <stdexcept>

#include <gmock/gmock.h>

#include "connectors/kafka/kafka_options.h"
#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(KafkaProperties, AreReadAsKafkasToolsReadThem) {
  const support::Scratch dir;
  support::write_file(dir / "client.properties",
                      "# how to get in\n\nsecurity.protocol = SASL_SSL\n! so\n"
                      "sasl.password:a=b\r\n");
  EXPECT_THAT(read_kafka_properties(dir / "client.properties"),
              ElementsAre(Pair("sasl.password", "a=b"), Pair("security.protocol", "SASL_SSL")));
}

TEST(KafkaProperties, AMistakeNamesFileAndLineAndShowsNoValue) {
  const support::Scratch dir;
  support::write_file(dir / "client.properties", "a=b\nhidden-secret\n");
  try {
    read_kafka_properties(dir / "client.properties");
    FAIL() << "was read";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("client.properties:2: expected"));
    EXPECT_THAT(error.what(), Not(HasSubstr("hidden-secret")));
  }
  EXPECT_THROW(read_kafka_properties(dir / "missing"), std::runtime_error);
}

std::string mistakes_of(const Config& given) {
  TopologyBuilder builder("t", given);
  read_kafka_spout(builder, read_kafka_settings(builder), "kafka", "topic", "group");
  builder.bolt("none", [](const Tuple&, BasicCollector&) {});
  try {
    builder.build();
  } catch (const InvalidTopology& invalid) {
    return invalid.what();
  }
  return {};
}

TEST(KafkaOptions, WrongOnesAreMistakesThatSayWhatWillDo) {
  Config given;
  given.set("kafka.start", Value("first"));
  given.set("kafka.guarantee", Value("exactly-once"));
  given.set("kafka.commit.ms", Value(std::int64_t{0}));
  given.set("kafka.property", Value("no.such.thing=1,sasl.password"));
  const std::string text = mistakes_of(given);
  EXPECT_THAT(text, HasSubstr("kafka.start is 'first'; it must be earliest, latest, or a time"));
  EXPECT_THAT(text, HasSubstr("kafka.guarantee is 'exactly-once'"));
  EXPECT_THAT(text, HasSubstr("kafka.commit.ms is 0; it must be at least 1"));
  EXPECT_THAT(text, HasSubstr("'no.such.thing' is no property of librdkafka"));
  EXPECT_THAT(text, HasSubstr("expected property=value, given 'sasl.password'"));
}

TEST(KafkaOptions, OneTopicIsNoPatternAndNoList) {
  TopologyBuilder builder("t");
  EXPECT_TRUE(require_one_topic(builder, {"visits"}));
  EXPECT_FALSE(require_one_topic(builder, {"^visits.*"}));
  EXPECT_FALSE(require_one_topic(builder, {"a", "b"}));
  EXPECT_FALSE(require_one_topic(builder, {}));
}

TEST(KafkaOptions, ABadValueOfAPropertyIsNamedWithoutItsValue) {
  EXPECT_THAT(kafka_property_mistake("security.protocol", "hidden-secret"),
              testing::AllOf(HasSubstr("security.protocol"), Not(HasSubstr("hidden-secret"))));
  EXPECT_EQ(kafka_property_mistake("security.protocol", "ssl"), "");
}

DeadLetterDef dead_letters_of(const Config& given) {
  TopologyBuilder builder("t", given);
  read_kafka_dead_letters(builder, read_kafka_settings(builder));
  builder.spout("none", [] { return std::make_unique<KafkaSpout>(KafkaSpoutOptions{}); });
  return builder.build().dead_letters;
}

TEST(KafkaOptions, DeadLettersGoToATopicOnlyWhenOneIsNamed) {
  Config given;
  EXPECT_EQ(dead_letters_of(given).make, nullptr);
  given.set("kafka.dead.letters.topic", Value("graves"));
  given.set("kafka.bootstrap.servers", Value("here:1"));
  const DeadLetterDef letters = dead_letters_of(given);
  EXPECT_EQ(letters.place, "topic 'graves' of Kafka at here:1");
  EXPECT_NE(letters.make(), nullptr);
}

}  // namespace
}  // namespace rafale::connectors
