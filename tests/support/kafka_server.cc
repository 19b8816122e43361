// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Topics and records through librdkafka, brokers through deploy/kafka.py.
#include "tests/support/kafka_server.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>

#include "connectors/kafka/handles.h"

namespace rafale::support {
namespace {

namespace kafka = connectors::kafka;
using connectors::KafkaSettings;

constexpr int kPatienceMs = 30'000;

std::string script_path() {
  const char* source = std::getenv("RAFALE_SOURCE_DIR");
  return std::string(source == nullptr ? "." : source) + "/deploy/kafka.py";
}

bool is_program(const std::string& name) {
  return std::filesystem::exists("/usr/bin/" + name) ||
         std::filesystem::exists("/usr/local/bin/" + name);
}

std::filesystem::path cache() {
  const char* given = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  return given != nullptr ? std::filesystem::path(given)
                          : std::filesystem::path(home == nullptr ? "/" : home) / ".cache";
}

void check(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(what + ": " + kafka::error_text(error));
  }
}

kafka::Handle producer(const std::string& servers) {
  kafka::Conf conf =
      kafka::make_conf({servers, {}}, {{"linger.ms", "5"}}, {{"enable.idempotence", "true"}});
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  return kafka::make_client(RD_KAFKA_PRODUCER, std::move(conf), "a producer");
}

kafka::Handle consumer(const std::string& servers, const std::string& group) {
  kafka::Conf conf = kafka::make_conf({servers, {}}, {{"enable.partition.eof", "true"}},
                                      {{"group.id", group}, {"enable.auto.commit", "false"}});
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  return kafka::make_client(RD_KAFKA_CONSUMER, std::move(conf), "a consumer");
}

/// Hands a request to the admin API and waits for its answer.
kafka::Event ask(const std::string& servers,
                 const std::function<void(rd_kafka_t*, rd_kafka_queue_t*)>& request) {
  const kafka::Handle client = producer(servers);
  const kafka::Queue queue(rd_kafka_queue_new(client.get()));
  request(client.get(), queue.get());
  kafka::Event event(rd_kafka_queue_poll(queue.get(), kPatienceMs));
  if (!event) throw std::runtime_error("Kafka does not answer");
  check(rd_kafka_event_error(event.get()), "Kafka refuses");
  return event;
}

void check_topics(const rd_kafka_topic_result_t* const* results, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    check(rd_kafka_topic_result_error(results[i]), rd_kafka_topic_result_name(results[i]));
  }
}

void send(rd_kafka_t* client, const std::string& topic, const TopicRecord& record) {
  while (true) {
    const auto error = rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY((record.key ? record.key->data() : nullptr),
                       (record.key ? record.key->size() : 0)),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
        RD_KAFKA_V_TIMESTAMP(record.timestamp_ms), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(error, topic);
    rd_kafka_poll(client, 50);
  }
}

}  // namespace

std::string KafkaServer::skip_reason() {
  if (!is_program("java"))
    return "needs Kafka: there is no java (apt install default-jre-headless)";
  for (const char* version : {"kafka-4.3.1", "kafka-3.9.2"}) {
    const auto jars = cache() / "rafale" / version;
    if (!std::filesystem::exists(jars)) {
      return "needs Kafka: there is no " + jars.string() + " (./dev kafka fetch)";
    }
  }
  return {};
}

KafkaServer::KafkaServer(int brokers, std::vector<std::string> options) {
  std::vector<std::string> command{
      "/usr/bin/env",     "python3",   script_path(),          "start", "--attached", "--dir",
      scratch_ / "kafka", "--brokers", std::to_string(brokers)};
  command.insert(command.end(), options.begin(), options.end());
  process_ = std::make_unique<Process>(std::move(command));
  const std::string mark = "bootstrap.servers=";
  const std::string out = process_->wait_for_line(mark);
  bootstrap_ = out.substr(mark.size());
}

KafkaServer::~KafkaServer() = default;

void KafkaServer::create_topic(const std::string& name, int partitions, int replicas) {
  char error[256];
  rd_kafka_NewTopic_t* topic =
      rd_kafka_NewTopic_new(name.c_str(), partitions, replicas, error, sizeof error);
  const kafka::Event event = ask(bootstrap_, [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    rd_kafka_CreateTopics(client, &topic, 1, nullptr, queue);
  });
  rd_kafka_NewTopic_destroy(topic);
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  check_topics(results, count);
  // Brokers hear of it one after the other.
  for (int i = 0; partitions != this->partitions(name); ++i) {
    if (i == 300) throw std::runtime_error("topic " + name + " does not come up");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void KafkaServer::delete_topic(const std::string& name) {
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  ask(bootstrap_, [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    rd_kafka_DeleteTopics(client, &topic, 1, nullptr, queue);
  });
  rd_kafka_DeleteTopic_destroy(topic);
}

void KafkaServer::add_partitions(const std::string& topic, int total) {
  char error[256];
  rd_kafka_NewPartitions_t* more = rd_kafka_NewPartitions_new(
      topic.c_str(), static_cast<std::size_t>(total), error, sizeof error);
  const kafka::Event event = ask(bootstrap_, [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    rd_kafka_CreatePartitions(client, &more, 1, nullptr, queue);
  });
  rd_kafka_NewPartitions_destroy(more);
  std::size_t count = 0;
  const auto* results = rd_kafka_CreatePartitions_result_topics(
      rd_kafka_event_CreatePartitions_result(event.get()), &count);
  check_topics(results, count);
}

void KafkaServer::delete_records(const std::string& topic, int partition, std::int64_t before) {
  const kafka::Partitions offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), partition)->offset = before;
  rd_kafka_DeleteRecords_t* records = rd_kafka_DeleteRecords_new(offsets.get());
  ask(bootstrap_, [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    rd_kafka_DeleteRecords(client, &records, 1, nullptr, queue);
  });
  rd_kafka_DeleteRecords_destroy(records);
}

void KafkaServer::produce(const std::string& topic, const std::vector<TopicRecord>& records) {
  const kafka::Handle client = producer(bootstrap_);
  for (const TopicRecord& record : records) send(client.get(), topic, record);
  check(rd_kafka_flush(client.get(), 2 * kPatienceMs), "produce to " + topic);
}

std::vector<TopicRecord> KafkaServer::consume(const std::string& topic) {
  const kafka::Handle client = consumer(bootstrap_, "test-reader");
  rd_kafka_poll_set_consumer(client.get());
  const int count = partitions(topic);
  const kafka::Partitions from(rd_kafka_topic_partition_list_new(count));
  for (int i = 0; i < count; ++i) {
    rd_kafka_topic_partition_list_add(from.get(), topic.c_str(), i)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  }
  check(rd_kafka_assign(client.get(), from.get()), topic);
  std::vector<TopicRecord> records;
  for (int ended = 0; ended < count;) {
    const kafka::Message message(rd_kafka_consumer_poll(client.get(), kPatienceMs));
    if (!message) throw std::runtime_error("no more comes of " + topic);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ended;
      continue;
    }
    check(message->err, topic);
    TopicRecord& record = records.emplace_back();
    if (message->key != nullptr) {
      record.key.emplace(static_cast<const char*>(message->key), message->key_len);
    }
    record.value.assign(static_cast<const char*>(message->payload), message->len);
    record.partition = message->partition;
    record.offset = message->offset;
    record.timestamp_ms = rd_kafka_message_timestamp(message.get(), nullptr);
  }
  return records;
}

std::int64_t KafkaServer::committed(const std::string& group, const std::string& topic,
                                    int partition) {
  const kafka::Handle client = consumer(bootstrap_, group);
  const kafka::Partitions offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), partition);
  check(rd_kafka_committed(client.get(), offsets.get(), kPatienceMs), group);
  const std::int64_t offset = offsets->elems[0].offset;
  return offset < 0 ? -1 : offset;
}

std::int64_t KafkaServer::end(const std::string& topic, int partition) {
  const kafka::Handle client = consumer(bootstrap_, "test-reader");
  std::int64_t low = 0;
  std::int64_t high = 0;
  check(rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &low, &high,
                                         kPatienceMs),
        topic);
  return high;
}

int KafkaServer::partitions(const std::string& topic) {
  const kafka::Handle client = producer(bootstrap_);
  const std::unique_ptr<rd_kafka_topic_t, kafka::Destroy<rd_kafka_topic_destroy>> handle(
      rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  check(rd_kafka_metadata(client.get(), 0, handle.get(), &metadata, kPatienceMs), topic);
  int count = 0;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& about = metadata->topics[i];
    const bool led = std::all_of(about.partitions, about.partitions + about.partition_cnt,
                                 [](const auto& partition) { return partition.leader >= 0; });
    count = led ? about.partition_cnt : 0;
  }
  rd_kafka_metadata_destroy(metadata);
  return count;
}

void KafkaServer::script(std::vector<std::string> arguments) {
  std::vector<std::string> command{"/usr/bin/env", "python3", script_path()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.insert(command.end(), {"--dir", scratch_ / "kafka"});
  const Ended ended = run(command);
  if (ended.exit_code != 0) throw std::runtime_error(ended.err);
}

void KafkaServer::kill_broker(int number) { script({"kill", std::to_string(number)}); }
void KafkaServer::start_broker(int number) { script({"restart", std::to_string(number)}); }

}  // namespace rafale::support
