// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One broker for all tests of the program, and topics of their own for each.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "connectors/kafka/kafka_spout.h"
#include "tests/support/kafka_server.h"

namespace rafale::connectors {

/// Starts the broker with the first test and ends it with the last.
class WithBroker : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (support::KafkaServer::skip_reason().empty()) {
      server_ = std::make_unique<support::KafkaServer>();
    }
  }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    const std::string reason = support::KafkaServer::skip_reason();
    if (!reason.empty()) GTEST_SKIP() << reason;
  }

  static support::KafkaServer& server() { return *server_; }
  /// A topic that no other test uses.
  static std::string make_topic(int partitions) {
    static std::atomic<int> count{0};
    std::string name = "topic-" + std::to_string(++count);
    server().create_topic(name, partitions);
    return name;
  }
  /// Of a spout that reads what is there and ends.
  static KafkaSpoutOptions reading(const std::string& topic) {
    KafkaSpoutOptions options;
    options.client.servers = server().bootstrap();
    options.topics = {topic};
    options.group = "group-of-" + topic;
    options.commit_ms = 50;
    options.until_end = true;
    return options;
  }

 private:
  static inline std::unique_ptr<support::KafkaServer> server_;
};

/// Records whose values are the numbers from `first` on.
inline std::vector<support::TopicRecord> numbers(int first, int count) {
  std::vector<support::TopicRecord> records;
  records.reserve(static_cast<std::size_t>(count));
  for (int i = first; i < first + count; ++i) {
    support::TopicRecord& record = records.emplace_back();
    record.value = std::to_string(i);
    record.key = "key-" + std::to_string(i % 100);
  }
  return records;
}

}  // namespace rafale::connectors
