// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From tuples to records, from delivery reports to acks; all on the task's thread.
#include "connectors/kafka/kafka_bolt.h"

#include <algorithm>
#include <array>
#include <exception>

#include "connectors/kafka/handles.h"

namespace rafale::connectors {
namespace {

constexpr int kWaitMs = 50;
constexpr int kFlushMs = 10'000;

std::optional<std::string_view> text_of(const Tuple& in, const std::string& name) {
  const auto at = name.empty() ? std::nullopt : in.schema().find(name);
  if (!at || in.is_null(*at)) return std::nullopt;
  return in.get<std::string_view>(*at);
}

rd_kafka_headers_t* headers_of(const KafkaOutput& record) {
  if (record.headers.empty()) return nullptr;
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  return headers;
}

}  // namespace

/// The client, whose callbacks run inside serve().
struct KafkaBolt::Producer {
  KafkaBolt* bolt = nullptr;
  kafka::Handle handle;
  kafka::Queue events;
  bool fatal = false;
  std::string fatal_text;

  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    const std::string_view value(static_cast<const char*>(message->payload), message->len);
    static_cast<Producer*>(opaque)->bolt->deliver(
        reinterpret_cast<std::size_t>(message->_private) - 1, message->err,
        rd_kafka_topic_name(message->rkt), value);
  }
  void note_fatal(rd_kafka_t* client) {
    std::array<char, 512> text{};
    rd_kafka_fatal_error(client, text.data(), text.size());
    fatal = true;
    fatal_text = text.data();
  }
  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* opaque) {
    auto& self = *static_cast<Producer*>(opaque);
    if (code == RD_KAFKA_RESP_ERR__FATAL) self.note_fatal(handle);
    self.bolt->out_->report_error(std::string("Kafka: ") +
                                  kafka::error_text(static_cast<rd_kafka_resp_err_t>(code)) + ": " +
                                  reason);
  }
};

KafkaBolt::KafkaBolt(KafkaBoltOptions options) : options_(std::move(options)) {}
KafkaBolt::~KafkaBolt() = default;

void KafkaBolt::prepare(TaskContext& context, BoltCollector& out) {
  context_ = &context;
  out_ = &out;
  delivered_ = &context.counter("kafka_delivered");
  const double timeout_s = context.config().get<double>("topology.message.timeout.secs", 30);
  timeout_ms_ = std::max<std::int64_t>(static_cast<std::int64_t>(timeout_s * 800), 100);
  open();
}

void KafkaBolt::open() {
  producer_ = std::make_unique<Producer>();
  producer_->bolt = this;
  kafka::Conf conf = kafka::make_conf(options_.client,
                                      {{"linger.ms", std::to_string(options_.linger_ms)},
                                       {"message.timeout.ms", std::to_string(timeout_ms_)},
                                       {"compression.type", "lz4"},
                                       {"reconnect.backoff.max.ms", "2000"},
                                       {"log.connection.close", "false"}},
                                      {{"enable.idempotence", "true"}});
  rd_kafka_conf_set_opaque(conf.get(), producer_.get());
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &Producer::on_delivery);
  rd_kafka_conf_set_error_cb(conf.get(), &Producer::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  producer_->handle = kafka::make_client(RD_KAFKA_PRODUCER, std::move(conf), "a Kafka producer");
  producer_->events.reset(rd_kafka_queue_get_main(producer_->handle.get()));
  // Reports wait in the client's queue until the task serves them.
  rd_kafka_queue_cb_event_enable(
      producer_->events.get(),
      [](rd_kafka_t*, void* bolt) {
        auto* self = static_cast<KafkaBolt*>(bolt);
        self->context_->post([self] { self->serve(0); });
      },
      this);
}

void KafkaBolt::make(const Tuple& in, std::vector<KafkaOutput>& records) {
  KafkaOutput& record = records.emplace_back();
  record.topic = options_.topic;
  record.key = text_of(in, options_.key_field);
  record.value = text_of(in, options_.value_field);
}

void KafkaBolt::execute(const Tuple& in, BoltCollector& out) {
  if (in.is_tick()) {
    serve(0);
    return;
  }
  records_.clear();
  make(in, records_);
  if (records_.empty()) {
    out.ack(in);
    return;
  }
  const std::size_t slot = take_slot(in, records_.size(), out);
  for (const KafkaOutput& record : records_) produce(record, slot);
}

std::size_t KafkaBolt::take_slot(const Tuple& in, std::size_t records, BoltCollector& out) {
  if (free_.empty()) {
    free_.push_back(pending_.size());
    pending_.emplace_back();
  }
  const std::size_t slot = free_.back();
  free_.pop_back();
  pending_[slot].anchor = out.detach(in);
  pending_[slot].records = records;
  return slot;
}

void KafkaBolt::produce(const KafkaOutput& record, std::size_t slot) {
  const std::string topic(record.topic);
  const auto key = record.key.value_or(std::string_view());
  const auto value = record.value.value_or(std::string_view());
  while (true) {
    rd_kafka_headers_t* headers = headers_of(record);
    // The library tells no value from an empty one by the pointer.
    const auto error = rd_kafka_producev(
        producer_->handle.get(), RD_KAFKA_V_TOPIC(topic.c_str()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY((record.key ? key.data() : nullptr), key.size()),
        RD_KAFKA_V_VALUE((record.value ? const_cast<char*>(value.data()) : nullptr), value.size()),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(slot + 1)),
        RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (headers != nullptr) rd_kafka_headers_destroy(headers);
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      serve(kWaitMs);
    } else if (error == RD_KAFKA_RESP_ERR__FATAL) {
      producer_->note_fatal(producer_->handle.get());
      serve(0);  // replaces the producer
    } else {
      deliver(slot, error, topic, value);
      return;
    }
  }
}

void KafkaBolt::serve(int wait_ms) {
  if (!producer_) return;
  rd_kafka_poll(producer_->handle.get(), wait_ms);
  if (producer_->fatal) [[unlikely]] {
    replace();
  }
}

// Tells one record's fate to its tuple.
void KafkaBolt::deliver(std::size_t slot, int code, std::string_view topic,
                        std::string_view value) {
  Pending& pending = pending_[slot];
  const auto error = static_cast<rd_kafka_resp_err_t>(code);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]] {
    delivered_->add();
  } else if (pending.anchor.open()) {
    refuse(pending.anchor, code, topic, value);
  }
  if (--pending.records > 0) return;
  if (pending.anchor.open()) out_->ack(pending.anchor);
  free_.push_back(slot);
}

// Runs below the client's code, which is C: no exception may leave it.
void KafkaBolt::refuse(Anchor& anchor, int code, std::string_view topic, std::string_view value) {
  const auto error = static_cast<rd_kafka_resp_err_t>(code);
  std::string reason = kafka::error_text(error);
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    try {
      out_->dead_letter(anchor, {.record = value, .reason = reason, .source = topic});
      return;
    } catch (const std::exception& failure) {
      reason = failure.what();
    }
  } else if (producer_->fatal) {
    reason = producer_->fatal_text;  // what is purged is not to blame for it
  }
  out_->fail(anchor, "not delivered to topic '" + std::string(topic) + "': " + reason);
}

// Idempotence ends with a fatal error: what is pending may or may not be there, so it fails, and
// its spout sends it again to another producer.
void KafkaBolt::replace() {
  out_->report_error("Kafka: the producer is beyond repair (" + producer_->fatal_text +
                     "); what is pending fails, and a new one is made");
  rd_kafka_t* handle = producer_->handle.get();
  rd_kafka_queue_cb_event_enable(producer_->events.get(), nullptr, nullptr);
  rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  while (rd_kafka_outq_len(handle) > 0) rd_kafka_poll(handle, kWaitMs);
  producer_->events.reset();
  producer_.reset();
  open();
}

void KafkaBolt::break_producer() {
  rd_kafka_test_fatal_error(producer_->handle.get(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                            "a test");
}

void KafkaBolt::cleanup() {
  if (!producer_) return;
  rd_kafka_queue_cb_event_enable(producer_->events.get(), nullptr, nullptr);
  rd_kafka_flush(producer_->handle.get(), kFlushMs);
  producer_->events.reset();
  producer_.reset();
}

}  // namespace rafale::connectors
