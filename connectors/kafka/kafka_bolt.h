// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A bolt that writes tuples to topics of Kafka.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/kafka/kafka_settings.h"
#include "rafale/bolt.h"
#include "rafale/tuple.h"

namespace rafale::connectors {

/// One record to write. Views are read before the next tuple is processed.
struct KafkaOutput {
  std::string_view topic;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< nothing: a tombstone
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};

/// A plain value.
struct KafkaBoltOptions {
  KafkaSettings client;
  std::string topic;                  ///< for all tuples, unless make() chooses
  std::string key_field = "key";      ///< a string field; empty, or not there: no key
  std::string value_field = "value";  ///< a string field
  std::int64_t linger_ms = 5;         ///< how long the client waits to fill a batch
};

/// Writes with an idempotent producer, and acks a tuple when its records are delivered: with
/// acks=all, when every replica in sync has them. At least once: a record may be there twice after
/// a failure of its tuple. Tuples fail with the client's reason when a record was not delivered
/// within four fifths of topology.message.timeout.secs; records that are too large for the topic go
/// to the dead letters, as no retry will help. After an error that is fatal for the producer all
/// that is pending fails and a new producer is made.
///
/// While the client's queue is full, execute() waits: declare the component blocking().
///
///   builder.bolt("save", [=] { return std::make_unique<KafkaBolt>(options); })
///       .fields("parse", {"key"}).blocking();
class KafkaBolt : public Bolt {
 public:
  explicit KafkaBolt(KafkaBoltOptions options);
  ~KafkaBolt() override;

  void prepare(TaskContext& context, BoltCollector& out) override;
  void execute(const Tuple& in, BoltCollector& out) override;
  void cleanup() override;

 protected:
  /// Appends the records of a tuple; by default one, by the options' topic and fields. Without any
  /// the tuple is acked. An exception fails the tuple.
  virtual void make(const Tuple& in, std::vector<KafkaOutput>& records);
  const KafkaBoltOptions& options() const { return options_; }
  /// Makes the producer die as by a fatal error; for tests.
  void break_producer();

 private:
  struct Producer;
  /// A tuple until all its records are told of.
  struct Pending {
    Anchor anchor;
    std::size_t records = 0;
  };
  void open();
  std::size_t take_slot(const Tuple& in, std::size_t records, BoltCollector& out);
  void produce(const KafkaOutput& record, std::size_t slot);
  void serve(int wait_ms);
  void replace();
  void refuse(Anchor& anchor, int code, std::string_view topic, std::string_view value);
  void deliver(std::size_t slot, int code, std::string_view topic, std::string_view value);

  KafkaBoltOptions options_;
  TaskContext* context_ = nullptr;
  BoltCollector* out_ = nullptr;
  std::unique_ptr<Producer> producer_;
  std::vector<KafkaOutput> records_;  // of one tuple
  std::vector<Pending> pending_;      // by slot, which is the record's opaque
  std::vector<std::size_t> free_;     // slots
  std::int64_t timeout_ms_ = 24'000;
  Counter* delivered_ = nullptr;
};

}  // namespace rafale::connectors
