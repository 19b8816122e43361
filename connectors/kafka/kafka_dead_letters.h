// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Dead letters in a topic of Kafka.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "connectors/kafka/kafka_writer.h"
#include "rafale/dead_letter_sink.h"

namespace rafale::connectors {

using KafkaDeadLettersOptions = KafkaWriterOptions;

/// Writes each letter as one record without a key: its value is the line of JSON, its header
/// `reason` the reason. For delivery and errors see KafkaWriter. A letter is larger than its
/// record, by half as a rule: the topic's max.message.bytes must allow for it.
///
///   builder.dead_letters(kafka_dead_letter_place(options), [options] {
///     return std::make_unique<KafkaDeadLetters>(options);
///   });
class KafkaDeadLetters final : public DeadLetterSink {
 public:
  /// Throws std::invalid_argument for a property that librdkafka does not take. Connects later.
  explicit KafkaDeadLetters(KafkaDeadLettersOptions options) : writer_(std::move(options)) {}

  /// Throws std::runtime_error with the client's reason.
  void write(std::string_view line, const DeadLetter& letter) override;

 private:
  KafkaWriter writer_;
};

/// "topic 'x' of Kafka at HOST:PORT".
std::string kafka_dead_letter_place(const KafkaDeadLettersOptions& options);

}  // namespace rafale::connectors
