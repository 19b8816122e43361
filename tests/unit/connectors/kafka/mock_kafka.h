// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A broker that librdkafka pretends to have, for tests without a Kafka.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace rafale::connectors {

/// One broker in this process. It takes a second to end: the tests of a suite share one.
class MockKafka {
 public:
  MockKafka()
      : owner_(make(RD_KAFKA_PRODUCER, {})), cluster_(rd_kafka_mock_cluster_new(owner_, 1)) {}
  ~MockKafka() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(owner_);
  }
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  std::string servers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

  /// The name of a new topic, which has one partition.
  std::string make_topic() {
    std::string name = "topic-" + std::to_string(++topics_);
    rd_kafka_mock_topic_create(cluster_, name.c_str(), 1, 1);
    return name;
  }

  /// The next request to write is answered with this error.
  void refuse_next(rd_kafka_resp_err_t error) {
    constexpr std::int16_t kProduce = 0;
    rd_kafka_mock_push_request_errors(cluster_, kProduce, 1, error);
  }

  /// Everything in partition 0, as `header=value;..;KEY:VALUE`, without `KEY:` if there is none.
  std::vector<std::string> records(const std::string& topic) const {
    rd_kafka_t* reader = make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", servers()},
                                                  {"fetch.wait.max.ms", "10"},
                                                  {"fetch.error.backoff.ms", "1"},
                                                  {"topic.metadata.refresh.fast.interval.ms", "10"},
                                                  {"enable.partition.eof", "true"}});
    rd_kafka_topic_t* handle = rd_kafka_topic_new(reader, topic.c_str(), nullptr);
    rd_kafka_consume_start(handle, 0, RD_KAFKA_OFFSET_BEGINNING);
    std::vector<std::string> all;
    for (bool end = false; !end;) {
      rd_kafka_message_t* message = rd_kafka_consume(handle, 0, 60'000);
      if (message == nullptr) break;
      end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) all.push_back(text_of(*message));
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consume_stop(handle, 0);
    rd_kafka_topic_destroy(handle);
    rd_kafka_destroy(reader);
    return all;
  }

 private:
  static rd_kafka_t* make(rd_kafka_type_t type,
                          const std::vector<std::pair<std::string, std::string>>& settings) {
    std::array<char, 256> text{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    for (const auto& [name, value] : settings) {
      rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size());
    }
    rd_kafka_t* client = rd_kafka_new(type, conf, text.data(), text.size());
    if (client == nullptr) throw std::runtime_error(text.data());
    return client;
  }
  static std::string text_of(const rd_kafka_message_t& message) {
    std::string text;
    rd_kafka_headers_t* headers = nullptr;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      for (std::size_t i = 0;
           rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
           ++i) {
        text += std::string(name) + "=" + std::string(static_cast<const char*>(value), size) + ";";
      }
    }
    if (message.key != nullptr) {
      text += std::string(static_cast<const char*>(message.key), message.key_len) + ":";
    }
    return text + std::string(static_cast<const char*>(message.payload), message.len);
  }

  int topics_ = 0;
  rd_kafka_t* owner_;
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace rafale::connectors
