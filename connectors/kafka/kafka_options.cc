// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One function for each group of settings.
#include "connectors/kafka/kafka_options.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

#include "connectors/kafka/kafka_dead_letters.h"

namespace rafale::connectors {
namespace {

std::vector<std::string> split(std::string_view list, char separator) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    if (end > 0) parts.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

std::int64_t at_least(TopologyBuilder& builder, const std::string& key, std::int64_t value,
                      std::int64_t least) {
  if (value >= least) return value;
  builder.mistake(key + " is " + std::to_string(value) + "; it must be at least " +
                  std::to_string(least));
  return least;
}

}  // namespace

KafkaSettings read_kafka_settings(TopologyBuilder& builder) {
  KafkaSettings settings;
  settings.servers = builder.option("kafka.bootstrap.servers", settings.servers,
                                    "brokers of Kafka, HOST:PORT, several with commas");
  const std::string file =
      builder.option("kafka.properties.file", "",
                     "a file of librdkafka's properties, property=value on a line, as for "
                     "security.protocol and sasl.password");
  const std::string given =
      builder.option("kafka.property", "",
                     "further properties, property=value, several with commas; not for secrets");
  try {
    if (!file.empty()) settings.properties = read_kafka_properties(file);
  } catch (const std::exception& error) {
    builder.mistake(std::string("kafka.properties.file: ") + error.what());
  }
  for (const std::string& one : split(given, ',')) {
    const std::size_t sign = one.find('=');
    if (sign == std::string::npos || sign == 0) {
      builder.mistake("kafka.property: expected property=value, given '" + one + "'");
    } else {
      settings.properties[one.substr(0, sign)] = one.substr(sign + 1);
    }
  }
  for (const auto& [name, value] : settings.properties) {
    const std::string mistake = kafka_property_mistake(name, value);
    if (!mistake.empty()) builder.mistake("kafka.property: " + mistake);
  }
  return settings;
}

KafkaSpoutOptions read_kafka_spout(TopologyBuilder& builder, const KafkaSettings& client,
                                   const std::string& prefix, const std::string& topics,
                                   const std::string& group) {
  KafkaSpoutOptions options;
  options.client = client;
  options.topics = split(
      builder.option(prefix + ".topics", topics,
                     "topics of Kafka to read, several with commas; one that begins with ^ is a "
                     "pattern"),
      ',');
  if (options.topics.empty()) builder.mistake(prefix + ".topics names no topic");
  options.group =
      builder.option(prefix + ".group", group, "group that offsets are committed under");
  if (options.group.empty()) builder.mistake(prefix + ".group is empty");

  const std::string start = builder.option(
      prefix + ".start", "earliest",
      "where to begin a partition that the group never read: earliest, latest, or a time such as "
      "2024-04-01T06:00:00Z");
  if (const auto known = parse_kafka_start(start)) {
    options.start = *known;
  } else {
    builder.mistake(prefix + ".start is '" + start +
                    "'; it must be earliest, latest, or a time such as 2024-04-01T06:00:00Z");
  }
  const std::string guarantee =
      builder.option(prefix + ".guarantee", "at-least-once", "at-least-once or at-most-once");
  if (guarantee == "at-most-once") {
    options.guarantee = KafkaGuarantee::at_most_once;
  } else if (guarantee != "at-least-once") {
    builder.mistake(prefix + ".guarantee is '" + guarantee +
                    "'; it must be at-least-once or at-most-once");
  }
  options.commit_ms = at_least(builder, prefix + ".commit.ms",
                               builder.option(prefix + ".commit.ms", options.commit_ms,
                                              "pause between two commits of offsets"),
                               1);
  options.refresh_ms = at_least(builder, prefix + ".refresh.ms",
                                builder.option(prefix + ".refresh.ms", options.refresh_ms,
                                               "pause between two looks for new partitions"),
                                10);
  options.until_end =
      builder.option(prefix + ".until.end", false,
                     "end behind the records that were there at the start; for --until-done");
  return options;
}

bool require_one_topic(TopologyBuilder& builder, const std::vector<std::string>& topics) {
  const bool one = topics.size() == 1 && !topics[0].starts_with('^');
  if (!one) builder.mistake("kafka.topics: this topology reads one topic, and no pattern");
  return one;
}

void read_kafka_dead_letters(TopologyBuilder& builder, const KafkaSettings& client) {
  KafkaDeadLettersOptions options;
  options.client = client;
  options.topic = builder.option("kafka.dead.letters.topic", "",
                                 "topic of Kafka for dead letters; else they go to a file");
  if (options.topic.empty()) return;
  builder.dead_letters(kafka_dead_letter_place(options),
                       [options] { return std::make_unique<KafkaDeadLetters>(options); });
}

}  // namespace rafale::connectors
