// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A real Kafka for a test, and what a test wants to know of its topics.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace rafale::support {

struct TopicRecord {
  std::optional<std::string> key;
  std::string value;
  std::int32_t partition = -1;    ///< -1: as the key says
  std::int64_t timestamp_ms = 0;  ///< 0: now
  std::int64_t offset = -1;       ///< of a record that was read
};

/// Brokers that deploy/kafka.py starts on free ports, and that end with the test however it ends.
/// What fails throws std::runtime_error.
class KafkaServer {
 public:
  /// Why there is none on this machine; empty if there is.
  static std::string skip_reason();

  /// `options` are further ones of `kafka.py start`.
  explicit KafkaServer(int brokers = 1, std::vector<std::string> options = {});
  ~KafkaServer();

  /// All brokers, HOST:PORT with commas.
  const std::string& bootstrap() const { return bootstrap_; }
  void create_topic(const std::string& name, int partitions, int replicas = 1);
  void delete_topic(const std::string& name);
  /// `total` partitions from now on.
  void add_partitions(const std::string& topic, int total);
  /// Removes the records below this offset, as retention does.
  void delete_records(const std::string& topic, int partition, std::int64_t before);
  /// Returns when all are there.
  void produce(const std::string& topic, const std::vector<TopicRecord>& records);
  /// Everything from the first record to the last that is there now.
  std::vector<TopicRecord> consume(const std::string& topic);
  /// -1: the group committed none.
  std::int64_t committed(const std::string& group, const std::string& topic, int partition);
  std::int64_t end(const std::string& topic, int partition);
  int partitions(const std::string& topic);

  /// As a crash does it; from 1.
  void kill_broker(int number);
  /// Returns when it listens again.
  void start_broker(int number);

 private:
  void script(std::vector<std::string> arguments);

  Scratch scratch_;
  std::unique_ptr<Process> process_;
  std::string bootstrap_;
};

}  // namespace rafale::support
