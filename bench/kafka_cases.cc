// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Records of a topic -> KafkaSpout -> a bolt that does nothing, beside a bare consumer loop on the
// same broker. Needs a broker: RAFALE_BENCH_KAFKA=HOST:PORT, as `./dev kafka start` prints it.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "bench/topology_run.h"
#include "connectors/kafka/handles.h"
#include "connectors/kafka/kafka_spout.h"
#include "rafale/topology_builder.h"

namespace rafale::bench {
namespace {

namespace kafka = connectors::kafka;

constexpr int kPartitions = 3;
constexpr int kRecords = 2'000'000;
constexpr std::size_t kRecordBytes = 240;  // as a station's record
const std::string kTopic = "rafale-bench";

std::string servers() {
  const char* given = std::getenv("RAFALE_BENCH_KAFKA");
  return given == nullptr ? "" : given;
}

void check(rd_kafka_resp_err_t error, const char* what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(std::string(what) + ": " + kafka::error_text(error));
  }
}

/// Makes the topic with its records, once for all runs.
void fill_topic() {
  const kafka::Handle client = kafka::make_client(
      RD_KAFKA_PRODUCER,
      kafka::make_conf({servers(), {}}, {{"linger.ms", "20"}}, {{"enable.idempotence", "true"}}),
      "a producer");
  const kafka::Queue queue(rd_kafka_queue_new(client.get()));
  char error[256];
  rd_kafka_NewTopic_t* topic =
      rd_kafka_NewTopic_new(kTopic.c_str(), kPartitions, 1, error, sizeof error);
  rd_kafka_CreateTopics(client.get(), &topic, 1, nullptr, queue.get());
  const kafka::Event made(rd_kafka_queue_poll(queue.get(), 30'000));
  rd_kafka_NewTopic_destroy(topic);
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(made.get()), &count);
  const auto said = rd_kafka_topic_result_error(results[0]);
  if (said == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return;
  check(said, "topic");
  const std::string value(kRecordBytes, 'x');
  for (int i = 0; i < kRecords;) {
    const auto sent = rd_kafka_producev(
        client.get(), RD_KAFKA_V_TOPIC(kTopic.c_str()), RD_KAFKA_V_PARTITION(i % kPartitions),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END);
    if (sent == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++i;
    } else if (sent == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(client.get(), 20);
    } else {
      check(sent, "produce");
    }
  }
  check(rd_kafka_flush(client.get(), 60'000), "produce");
}

class KafkaCase : public Case {
 public:
  using Case::Case;
  std::string missing(const Options&) override {
    return servers().empty() ? "RAFALE_BENCH_KAFKA names no broker; see ./dev kafka start" : "";
  }
};

class SpoutCase final : public KafkaCase {
 public:
  SpoutCase()
      : KafkaCase("kafka_spout", "2 M records of 240 bytes in 3 partitions -> Null, acked",
                  "kafka_bare") {}

  void round(const Options&) override {
    fill_topic();
    connectors::KafkaSpoutOptions options;
    options.client.servers = servers();
    options.topics = {kTopic};
    options.group = "bench-" + std::to_string(now_ns());
    options.until_end = true;
    TopologyBuilder builder("kafka_spout");
    builder
        .spout("records", [options] { return std::make_unique<connectors::KafkaSpout>(options); })
        .output(connectors::kafka_schema());
    builder.bolt("null", [](const Tuple&, BasicCollector&) {}).shuffle("records");
    series_.add(run_to_end(builder.build(), acked(), outcome_));
  }
  nlohmann::ordered_json details() const override { return outcome_.to_json(); }

 private:
  Outcome outcome_;
};

/// What a program that only reads would do: rd_kafka_consumer_poll() and forget the message.
class BareCase final : public KafkaCase {
 public:
  BareCase() : KafkaCase("kafka_bare", "the same records in a bare librdkafka consumer loop") {}

  void round(const Options&) override {
    fill_topic();
    const std::int64_t began = now_ns();
    const double cpu = cpu_seconds();
    const kafka::Handle client =
        kafka::make_client(RD_KAFKA_CONSUMER,
                           kafka::make_conf({servers(), {}}, {{"enable.partition.eof", "true"}},
                                            {{"group.id", "bare"},
                                             {"enable.auto.commit", "false"},
                                             {"check.crcs", "true"},
                                             {"fetch.wait.max.ms", "100"},
                                             {"queued.min.messages", "1000000"}}),
                           "a consumer");
    rd_kafka_poll_set_consumer(client.get());
    const kafka::Partitions from(rd_kafka_topic_partition_list_new(kPartitions));
    for (int i = 0; i < kPartitions; ++i) {
      rd_kafka_topic_partition_list_add(from.get(), kTopic.c_str(), i)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
    }
    check(rd_kafka_assign(client.get(), from.get()), "assign");
    int records = 0;
    for (int ended = 0; ended < kPartitions;) {
      const kafka::Message message(rd_kafka_consumer_poll(client.get(), 10'000));
      if (!message) throw std::runtime_error("the broker sends nothing");
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        ++ended;
      } else {
        check(message->err, "read");
        ++records;
      }
    }
    series_.add({static_cast<double>(records), static_cast<double>(now_ns() - began) / 1e9,
                 cpu_seconds() - cpu});
  }
};

}  // namespace

void add_kafka_cases(Cases& cases) { cases.push_back(std::make_unique<SpoutCase>()); }
void add_kafka_yardsticks(Cases& yardsticks) { yardsticks.push_back(std::make_unique<BareCase>()); }

}  // namespace rafale::bench
