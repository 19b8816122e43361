// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Polls and commits; what waits is the keeper's.
#include "connectors/kafka/kafka_consumer.h"

#include <mutex>
#include <regex>
#include <stdexcept>
#include <utility>

#include "connectors/kafka/consumer_keeper.h"
#include "connectors/kafka/handles.h"

namespace rafale::connectors {
namespace {

constexpr std::size_t kMostErrorBytes = 300;

std::string shortened(std::string text) {
  if (text.size() > kMostErrorBytes) text.resize(kMostErrorBytes);
  return text;
}

kafka::Partitions list_of(const KafkaConsumer::Offsets& offsets) {
  kafka::Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
        ->offset = offset;
  }
  return list;
}

void check_patterns(const std::vector<std::string>& topics) {
  for (const std::string& topic : topics) {
    if (!topic.starts_with('^')) continue;
    try {
      const std::regex pattern(topic, std::regex::extended);
    } catch (const std::regex_error& error) {
      throw std::invalid_argument("Kafka: '" + topic +
                                  "' is no pattern of topics: " + error.what());
    }
  }
}

/// Does not leave a group: there is none, and a broker that is away would be waited for.
struct DestroyAtOnce {
  void operator()(rd_kafka_t* client) const {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
};

}  // namespace

struct KafkaConsumer::Client {
  std::function<void()> wake;
  std::unique_ptr<rd_kafka_t, DestroyAtOnce> handle;
  kafka::Queue queue;
  kafka::Message current;
  /// Topic objects of the library seen in messages, with the slot of the partition.
  struct Seen {
    const void* topic;
    std::int32_t partition;
    std::size_t slot;
  };
  std::vector<Seen> seen;
  std::size_t last = 0;  // in seen
  std::map<TopicPartition, std::size_t> slots;
  kafka::Queue commits;             // answers to commits
  std::vector<std::string> errors;  // from callbacks, on their way to the keeper
  std::mutex errors_mutex;

  void note(std::string error) {
    const std::lock_guard lock(errors_mutex);
    if (errors.size() < 16) errors.push_back(shortened(std::move(error)));
  }
  std::vector<std::string> take_errors() {
    const std::lock_guard lock(errors_mutex);
    return std::exchange(errors, {});
  }
  static void on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
    static_cast<Client*>(opaque)->note(std::string("Kafka: ") +
                                       rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code)) +
                                       ": " + reason);
  }
};

KafkaConsumer::KafkaConsumer(Options options, std::function<void()> wake)
    : options_(std::move(options)), client_(std::make_unique<Client>()) {
  check_patterns(options_.topics);
  client_->wake = std::move(wake);
  kafka::Conf conf = kafka::make_conf(options_.client,
                                      {{"fetch.wait.max.ms", "100"},
                                       {"fetch.error.backoff.ms", "100"},
                                       // With fewer the client stops fetching, and begins again
                                       // late; what it keeps is bounded in bytes.
                                       {"queued.min.messages", "1000000"},
                                       {"reconnect.backoff.max.ms", "2000"},
                                       {"log.connection.close", "false"}},
                                      {{"group.id", options_.group},
                                       {"enable.auto.commit", "false"},
                                       {"enable.auto.offset.store", "false"},
                                       {"auto.offset.reset", "error"},
                                       {"enable.partition.eof", options_.ends ? "true" : "false"},
                                       {"check.crcs", "true"},
                                       {"allow.auto.create.topics", "false"}});
  rd_kafka_conf_set_opaque(conf.get(), client_.get());
  rd_kafka_conf_set_error_cb(conf.get(), &Client::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  client_->handle.reset(
      kafka::make_client(RD_KAFKA_CONSUMER, std::move(conf), "a Kafka consumer").release());
  rd_kafka_poll_set_consumer(client_->handle.get());
  client_->queue.reset(rd_kafka_queue_get_consumer(client_->handle.get()));
  client_->commits.reset(rd_kafka_queue_new(client_->handle.get()));
  for (rd_kafka_queue_t* queue : {client_->queue.get(), client_->commits.get()}) {
    rd_kafka_queue_cb_event_enable(
        queue, [](rd_kafka_t*, void* opaque) { static_cast<Client*>(opaque)->wake(); },
        client_.get());
  }
  keeper_ = std::make_unique<Keeper>(options_, client_->handle.get(), client_->wake);
}

KafkaConsumer::~KafkaConsumer() {
  keeper_.reset();
  rd_kafka_queue_cb_event_enable(client_->queue.get(), nullptr, nullptr);
  rd_kafka_queue_cb_event_enable(client_->commits.get(), nullptr, nullptr);
  client_->current.reset();
  client_->commits.reset();
  client_->queue.reset();
}

std::optional<KafkaConsumer::News> KafkaConsumer::take_news() { return keeper_->take(); }

void KafkaConsumer::assign(const Offsets& offsets) {
  client_->slots.clear();
  client_->seen.clear();
  client_->last = 0;
  std::size_t slot = 0;
  for (const auto& [partition, offset] : offsets) client_->slots[partition] = slot++;
  const auto error = rd_kafka_assign(client_->handle.get(), list_of(offsets).get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    keeper_->report("cannot take partitions: " + kafka::error_text(error));
  }
}

void KafkaConsumer::pause(const TopicPartition& partition, bool on) {
  const kafka::Partitions list = list_of({{partition, 0}});
  on ? rd_kafka_pause_partitions(client_->handle.get(), list.get())
     : rd_kafka_resume_partitions(client_->handle.get(), list.get());
}

std::size_t KafkaConsumer::slot_of(const void* topic, std::int32_t partition, const char* name) {
  auto& seen = client_->seen;
  if (client_->last < seen.size() && seen[client_->last].topic == topic &&
      seen[client_->last].partition == partition) [[likely]] {
    return seen[client_->last].slot;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].topic == topic && seen[i].partition == partition) {
      client_->last = i;
      return seen[i].slot;
    }
  }
  const auto known = client_->slots.find({name, partition});
  if (known == client_->slots.end()) return client_->slots.size();
  client_->last = seen.size();
  seen.push_back({topic, partition, known->second});
  return known->second;
}

KafkaConsumer::Polled KafkaConsumer::poll(KafkaRecord& record) {
  while (true) {
    client_->current.reset(rd_kafka_consumer_poll(client_->handle.get(), 0));
    const rd_kafka_message_t* message = client_->current.get();
    if (message == nullptr) {
      for (std::string& error : client_->take_errors()) keeper_->report(std::move(error));
      return Polled::nothing;
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]] {
      fill(record);
      if (record.slot < client_->slots.size()) return Polled::record;
      continue;  // of a partition that was given up
    }
    const bool has_place = message->rkt != nullptr;
    if (has_place && (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                      message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)) {
      fill(record);
      if (record.slot < client_->slots.size()) return Polled::out_of_range;
      continue;
    }
    if (has_place && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      fill(record);
      if (record.slot < client_->slots.size()) return Polled::end;
      continue;
    }
    std::string where = has_place ? std::string(rd_kafka_topic_name(message->rkt)) + "/" +
                                        std::to_string(message->partition)
                                  : "Kafka";
    keeper_->report(shortened(where + ": " + rd_kafka_message_errstr(message)));
  }
}

void KafkaConsumer::fill(KafkaRecord& record) {
  rd_kafka_message_t* message = client_->current.get();
  const char* topic = rd_kafka_topic_name(message->rkt);
  record.topic = topic;
  record.partition = message->partition;
  record.offset = message->offset;
  record.slot = slot_of(message->rkt, message->partition, topic);
  const auto view = [](const void* bytes, std::size_t size) {
    return bytes == nullptr
               ? std::nullopt
               : std::optional(std::string_view(static_cast<const char*>(bytes), size));
  };
  record.key = view(message->key, message->key_len);
  record.value = view(message->payload, message->len);
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp_ms = rd_kafka_message_timestamp(message, &type);
  if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) record.timestamp_ms = -1;
  record.headers.clear();
  rd_kafka_headers_t* headers = nullptr;
  if (!options_.headers ||
      rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    record.headers.emplace_back(name, view(value, size).value_or(std::string_view()));
  }
}

void KafkaConsumer::refresh() { keeper_->refresh(); }

void KafkaConsumer::commit(const Offsets& offsets) {
  const auto error = rd_kafka_commit_queue(client_->handle.get(), list_of(offsets).get(),
                                           client_->commits.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    keeper_->report("cannot commit offsets: " + kafka::error_text(error) + "; tried again soon");
  }
}

std::string KafkaConsumer::commit_and_wait(const Offsets& offsets, int timeout_ms) {
  const kafka::Queue answers(rd_kafka_queue_new(client_->handle.get()));
  auto error = rd_kafka_commit_queue(client_->handle.get(), list_of(offsets).get(), answers.get(),
                                     nullptr, nullptr);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const kafka::Event event(rd_kafka_queue_poll(answers.get(), timeout_ms));
    error = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  }
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? std::string() : kafka::error_text(error);
}

KafkaConsumer::Offsets KafkaConsumer::take_committed() {
  Offsets confirmed;
  while (const kafka::Event event{rd_kafka_queue_poll(client_->commits.get(), 0)}) {
    const auto error = rd_kafka_event_error(event.get());
    const rd_kafka_topic_partition_list_t* offsets =
        rd_kafka_event_topic_partition_list(event.get());
    for (int i = 0; offsets != nullptr && i < offsets->cnt; ++i) {
      const rd_kafka_topic_partition_t& at = offsets->elems[i];
      const auto failure = error != RD_KAFKA_RESP_ERR_NO_ERROR ? error : at.err;
      if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
        confirmed[{at.topic, at.partition}] = at.offset;
      } else {
        keeper_->report(std::string("cannot commit ") + at.topic + "/" +
                        std::to_string(at.partition) + ": " + kafka::error_text(failure) +
                        "; tried again soon");
      }
    }
  }
  return confirmed;
}

std::optional<std::int64_t> KafkaConsumer::end_of(const TopicPartition& partition) const {
  std::int64_t low = RD_KAFKA_OFFSET_INVALID;
  std::int64_t high = RD_KAFKA_OFFSET_INVALID;
  const auto error = rd_kafka_get_watermark_offsets(client_->handle.get(), partition.topic.c_str(),
                                                    partition.partition, &low, &high);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return high;
}

}  // namespace rafale::connectors
