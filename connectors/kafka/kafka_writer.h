// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Records that are in Kafka when a call returns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/kafka/kafka_settings.h"

namespace rafale::connectors {

/// A plain value.
struct KafkaWriterOptions {
  KafkaSettings client;
  std::string topic;
  std::int64_t timeout_ms = 10'000;  ///< how long a record may take
};

/// One record. Views, used during the call.
struct KafkaWrite {
  std::optional<std::string_view> key{};
  std::string_view value;
  std::string_view header_name{};  ///< empty: no header
  std::string_view header_value{};
};

/// Writes few records, each for sure: write() returns when every replica in sync has the record
/// (acks=all, idempotent), and throws when that is not known after the timeout: the record may be
/// there twice then. For many use KafkaBolt. After an error that is fatal for the producer a new
/// one is made. Used on one thread at a time; write() waits.
class KafkaWriter {
 public:
  /// Throws std::invalid_argument for a property that librdkafka does not take. Connects later.
  explicit KafkaWriter(KafkaWriterOptions options);
  ~KafkaWriter();
  KafkaWriter(const KafkaWriter&) = delete;
  KafkaWriter& operator=(const KafkaWriter&) = delete;

  /// Throws std::runtime_error with the client's reason.
  void write(const KafkaWrite& record);

 private:
  struct Producer;
  std::string deliver(const KafkaWrite& record);

  KafkaWriterOptions options_;
  std::unique_ptr<Producer> producer_;
};

}  // namespace rafale::connectors
