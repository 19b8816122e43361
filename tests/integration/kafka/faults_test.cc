// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Brokers that die and come back, and the old mode of Kafka with ZooKeeper.
#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "connectors/kafka/kafka_bolt.h"
#include "tests/integration/kafka/broker.h"
#include "tests/integration/runtime/components.h"

namespace rafale::connectors {
namespace {

using support::KafkaServer;

constexpr std::int64_t kIds = 60'000;

/// Emits ids slowly enough for a broker to die among them.
class Trickle final : public ReplaySpout {
 public:
  explicit Trickle(std::int64_t n) : n_(n) {}
  Next produce(ReplayCollector& out) override {
    if (next_ == n_) return Next::done();
    for (int i = 0; i < 20 && next_ < n_; ++i) {
      const std::string id = std::to_string(next_++);
      out.emit(id, id);
    }
    return Next::idle_for(std::chrono::milliseconds(2));
  }

 private:
  std::int64_t n_;
  std::int64_t next_ = 0;
};

/// Writes ids to a topic and reads them back in another topology while `trouble` happens; every id
/// must arrive.
void through(KafkaServer& server, int replicas, const std::function<void()>& trouble) {
  server.create_topic("ids", 3, replicas);
  KafkaBoltOptions writing;
  writing.client.servers = server.bootstrap();
  writing.topic = "ids";
  TopologyBuilder writer("writer");
  writer.config("topology.message.timeout.secs", 10);
  writer.spout("ids", [] { return std::make_unique<Trickle>(kIds); })
      .output({{"key", FieldType::string}, {"value", FieldType::string}});
  writer.bolt("save", [writing] { return std::make_unique<KafkaBolt>(writing); })
      .shuffle("ids")
      .blocking();

  KafkaSpoutOptions reading;
  reading.client.servers = server.bootstrap();
  reading.topics = {"ids"};
  reading.group = "reader";
  std::vector<std::atomic<int>> seen(kIds);
  std::atomic<std::int64_t> distinct{0};
  TopologyBuilder reader("reader");
  reader.spout("records", [reading] { return std::make_unique<KafkaSpout>(reading); })
      .output(kafka_schema())
      .parallelism(2);
  reader
      .bolt("seen",
            [&](const Tuple& in, BasicCollector&) {
              if (seen.at(std::stoul(in.get<std::string>("value")))++ == 0) ++distinct;
            })
      .shuffle("records");

  const auto reads = worker::start(reader);
  const auto writes = worker::start(writer);
  while (distinct < kIds / 10) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  trouble();
  EXPECT_TRUE(writes->wait_until_done(std::chrono::minutes(2)));
  for (int i = 0; i < 3000 && distinct < kIds; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(distinct, kIds);
  EXPECT_TRUE(writes->stop(std::chrono::seconds(30)));
  EXPECT_TRUE(reads->stop(std::chrono::seconds(30)));
}

TEST(KafkaFaults, TheOnlyBrokerDiesAndComesBackAndNothingIsLost) {
  if (const auto reason = KafkaServer::skip_reason(); !reason.empty()) GTEST_SKIP() << reason;
  KafkaServer server;
  through(server, 1, [&] {
    server.kill_broker(1);
    std::this_thread::sleep_for(std::chrono::seconds(2));
    server.start_broker(1);
  });
}

TEST(KafkaFaults, OneOfThreeBrokersDiesAndComesBackAndNothingIsLost) {
  if (const auto reason = KafkaServer::skip_reason(); !reason.empty()) GTEST_SKIP() << reason;
  KafkaServer server(3);
  through(server, 3, [&] {
    server.kill_broker(2);
    std::this_thread::sleep_for(std::chrono::seconds(3));
    server.start_broker(2);
  });
}

TEST(KafkaFaults, TheCoursesKafkaWithZooKeeperIsReadAndWritten) {
  if (const auto reason = KafkaServer::skip_reason(); !reason.empty()) GTEST_SKIP() << reason;
  KafkaServer server(1, {"--version", "3.9.2", "--zookeeper"});
  through(server, 1, [] {});
}

}  // namespace
}  // namespace rafale::connectors
