// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A spout that reads topics of Kafka.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/kafka/kafka_consumer.h"
#include "connectors/kafka/kafka_record.h"
#include "connectors/kafka/kafka_settings.h"
#include "connectors/kafka/kafka_start.h"
#include "connectors/kafka/partition_progress.h"
#include "rafale/replay_spout.h"
#include "rafale/schema.h"

namespace rafale::connectors {

enum class KafkaGuarantee : std::uint8_t {
  /// An offset is committed when all records below it are acked or in the dead letters.
  at_least_once,
  /// An offset is committed before its record is emitted, unanchored: a crash loses what was on its
  /// way, and nothing comes twice.
  at_most_once,
};

/// What a KafkaSpout reads and how. A plain value.
struct KafkaSpoutOptions {
  KafkaSettings client;
  std::vector<std::string> topics;  ///< names, and patterns that begin with '^'
  std::string group;                ///< under which offsets are committed
  KafkaStart start;
  KafkaGuarantee guarantee = KafkaGuarantee::at_least_once;
  std::int64_t commit_ms = 1000;     ///< pause between two commits
  std::int64_t refresh_ms = 30'000;  ///< pause between two looks for new partitions
  /// Records of one partition between the first that is not complete and the last emitted; a
  /// partition that reaches it is paused until its oldest record is complete.
  std::size_t max_uncommitted = 1'000'000;
  bool headers = true;
  /// End where the partitions ended at the start of the spout.
  bool until_end = false;
};

/// How a KafkaSpout emits what it made of one record: to one stream, as often as it likes.
class KafkaCollector {
 public:
  template <class... V>
  void emit(const V&... values) {
    emit(kDefaultStream, values...);
  }
  template <class... V>
  void emit(StreamId stream, const V&... values) {
    if (replay_ != nullptr) {
      const std::uint64_t number = replay_->emit(stream, values...);
      if (count_ == 0) first_ = number;
    } else {
      plain_->emit(stream, kUnanchored, values...);
    }
    ++count_;
  }

 private:
  friend class KafkaSpout;
  ReplayCollector* replay_ = nullptr;
  SpoutCollector* plain_ = nullptr;
  std::uint64_t first_ = 0;  // number of the first message
  std::uint32_t count_ = 0;
};

/// Reads the partitions of its topics that fall to its task; see partitions_of_task(). Nothing
/// waits for a broker: a thread of the consumer's looks for partitions and offsets. Failed records
/// are repeated from memory, as ReplaySpout says; one that is given up lies in the dead letters
/// before its offset can be committed.
///
/// Reports as errors: brokers that do not answer, topics that are not there, and gaps: records
/// that were deleted before they were read. Counters: kafka_gap_records.
///
///   KafkaSpoutOptions options;
///   options.topics = {"visits"};
///   options.group = "counts";
///   builder.spout("visits", [=] { return std::make_unique<KafkaSpout>(options); })
///       .output(kafka_schema());
class KafkaSpout : public ReplaySpout {
 public:
  explicit KafkaSpout(KafkaSpoutOptions options);
  ~KafkaSpout() override;

  void close() override;

 protected:
  void start(SpoutContext& context) override;
  Next produce(ReplayCollector& out) final;
  void completed(std::uint64_t number) final;
  Description describe(const Tuple& row) override;
  /// Emits what a record is for this topology; by default a tuple of kafka_schema(). Emitting
  /// nothing means that the record is done with. An exception sends the record to the dead letters.
  virtual void emit(const KafkaRecord& record, KafkaCollector& out);

 private:
  struct Partition {
    TopicPartition name;
    PartitionProgress progress;
    std::int64_t next = 0;       // offset that is read next
    std::int64_t committed = 0;  // as far as the broker confirmed
    std::int64_t end = 0;        // behind the last record, as far as known
    std::int64_t stop_at = 0;    // with until_end
    bool paused = false;
    bool stands = false;  // at an offset that the broker does not have
  };
  struct Place {
    std::uint32_t partition;
    std::uint64_t record;
    bool complete = false;
  };
  /// A record of which no tuple can be made, until its letter is written.
  struct Unburied {
    std::string record, reason;
    std::size_t partition;
    std::int64_t offset;
    std::uint64_t place;
  };
  struct Kept {
    KafkaRecord record;
    std::string bytes;
    std::size_t partition;  // also when it is read no longer
  };

  void take_news();
  void take_assigned(std::vector<KafkaConsumer::Assigned> assigned);
  void report_gap(const TopicPartition& partition, std::int64_t from, std::int64_t to);
  void read_on();
  void take(ReplayCollector& out);
  void keep();
  void emit_kept();
  void bury(std::string why, std::size_t partition, std::uint64_t place);
  void bury_rest();
  void look_after();
  KafkaConsumer::Offsets ready_offsets() const;
  void commit();
  bool at_end() const;
  void report_lag();

  KafkaSpoutOptions options_;
  std::unique_ptr<KafkaConsumer> consumer_;
  KafkaRecord record_;
  std::vector<std::unique_ptr<Partition>> partitions_;  // ever had; places point here
  std::vector<std::size_t> by_slot_;                    // of those that are read now
  std::deque<Place> places_;                            // of messages, from first_number_ on
  std::uint64_t first_number_ = 0;
  std::vector<std::uint64_t> early_;  // complete before they had a place
  std::vector<Kept> kept_;            // at most once: read, not yet committed
  std::deque<Unburied> unburied_;
  bool assigned_ = false;
  std::int64_t looked_ms_ = 0;
  Counter* gap_records_ = nullptr;
};

/// The fields of a record: topic string, partition int64, offset int64, key string, value string,
/// timestamp int64 (ms since 1970), headers map. Key, value, timestamp and headers may be null; key
/// and value are the bytes as they came.
Schema kafka_schema();

}  // namespace rafale::connectors
