// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Dead letters in a topic of Kafka.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/kafka/kafka_settings.h"
#include "rafale/dead_letter_sink.h"

namespace rafale::connectors {

/// A plain value.
struct KafkaDeadLettersOptions {
  KafkaSettings client;
  std::string topic;
  std::int64_t timeout_ms = 10'000;  ///< how long a letter may take
};

/// Writes each letter as one record without a key: its value is the line of JSON, its header
/// `reason` the reason. write() returns when every replica in sync has the record (acks=all,
/// idempotent), and throws when that is not known after the timeout: the letter may be there twice
/// then. A letter is larger than its record, by half as a rule: the topic's max.message.bytes must
/// allow for it. After an error that is fatal for the producer a new one is made.
///
///   builder.dead_letters(kafka_dead_letter_place(options), [options] {
///     return std::make_unique<KafkaDeadLetters>(options);
///   });
class KafkaDeadLetters final : public DeadLetterSink {
 public:
  /// Throws std::invalid_argument for a property that librdkafka does not take. Connects later.
  explicit KafkaDeadLetters(KafkaDeadLettersOptions options);
  ~KafkaDeadLetters() override;

  /// Throws std::runtime_error with the client's reason.
  void write(std::string_view line, const DeadLetter& letter) override;

 private:
  struct Producer;
  std::string deliver(std::string_view line, const DeadLetter& letter);

  KafkaDeadLettersOptions options_;
  std::unique_ptr<Producer> producer_;
};

/// "topic 'x' of Kafka at HOST:PORT".
std::string kafka_dead_letter_place(const KafkaDeadLettersOptions& options);

}  // namespace rafale::connectors
