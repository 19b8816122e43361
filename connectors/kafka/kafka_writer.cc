// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One record after the other, each with its delivery report.
#include "connectors/kafka/kafka_writer.h"

#include <array>
#include <stdexcept>
#include <utility>

#include "connectors/kafka/handles.h"

namespace rafale::connectors {
namespace {

constexpr int kPollMs = 100;

/// What became of one record; its address is the record's opaque.
struct Delivery {
  bool reported = false;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

}  // namespace

/// The client, whose callbacks run inside rd_kafka_poll().
struct KafkaWriter::Producer {
  explicit Producer(const KafkaWriterOptions& options);

  /// Why it can send nothing any more; empty if it can.
  std::string fatal_text() const {
    std::array<char, 512> text{};
    const bool fatal =
        rd_kafka_fatal_error(handle.get(), text.data(), text.size()) != RD_KAFKA_RESP_ERR_NO_ERROR;
    return fatal ? text.data() : "";
  }

  std::string trouble;  // what the client last said of its brokers
  kafka::Handle handle;
};

KafkaWriter::Producer::Producer(const KafkaWriterOptions& options) {
  kafka::Conf conf = kafka::make_conf(
      options.client,
      {{"compression.type", "lz4"},
       {"reconnect.backoff.max.ms", "1000"},
       {"log.connection.close", "false"}},
      // How large a record may be is the broker's decision.
      {{"enable.idempotence", "true"},
       {"linger.ms", "0"},
       {"message.max.bytes", "1000000000"},
       {"message.timeout.ms", std::to_string(options.timeout_ms)},
       {"topic.metadata.propagation.max.ms", std::to_string(options.timeout_ms / 2)}});
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* record, void*) {
    auto& delivery = *static_cast<Delivery*>(record->_private);
    delivery.reported = true;
    delivery.error = record->err;
  });
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int, const char* reason, void* self) {
    static_cast<Producer*>(self)->trouble = reason;
  });
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  handle = kafka::make_client(RD_KAFKA_PRODUCER, std::move(conf), "a Kafka producer");
}

KafkaWriter::KafkaWriter(KafkaWriterOptions options)
    : options_(std::move(options)), producer_(std::make_unique<Producer>(options_)) {}

KafkaWriter::~KafkaWriter() = default;

void KafkaWriter::write(const KafkaWrite& record) {
  const std::string problem = deliver(record);
  if (problem.empty()) return;
  if (!producer_->fatal_text().empty()) producer_ = std::make_unique<Producer>(options_);
  throw std::runtime_error(problem);
}

// Returns why the record may not be there; empty if it is.
std::string KafkaWriter::deliver(const KafkaWrite& record) {
  rd_kafka_t* const client = producer_->handle.get();
  producer_->trouble.clear();
  Delivery delivery;
  rd_kafka_headers_t* headers = nullptr;
  if (!record.header_name.empty()) {
    headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, record.header_name.data(),
                        static_cast<ssize_t>(record.header_name.size()), record.header_value.data(),
                        static_cast<ssize_t>(record.header_value.size()));
  }
  const char* const key = record.key ? record.key->data() : nullptr;
  const std::size_t key_size = record.key ? record.key->size() : 0;
  const auto refused = rd_kafka_producev(
      client, RD_KAFKA_V_TOPIC(options_.topic.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
      RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(&delivery),
      RD_KAFKA_V_END);
  if (refused != RD_KAFKA_RESP_ERR_NO_ERROR && headers != nullptr) {
    rd_kafka_headers_destroy(headers);  // else the client has them
  }
  if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const std::string fatal = producer_->fatal_text();
    return fatal.empty() ? kafka::error_text(refused) : fatal;
  }
  // The client reports every record, at the latest when message.timeout.ms is over.
  while (!delivery.reported) rd_kafka_poll(client, kPollMs);
  if (delivery.error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (std::string fatal = producer_->fatal_text(); !fatal.empty()) return fatal;
  std::string text = kafka::error_text(delivery.error);
  if (!producer_->trouble.empty()) text += " (" + producer_->trouble + ")";
  return text;
}

}  // namespace rafale::connectors
