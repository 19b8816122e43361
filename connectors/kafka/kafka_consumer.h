// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reads assigned partitions without waiting, and looks after them on a thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kafka/kafka_record.h"
#include "connectors/kafka/kafka_settings.h"
#include "connectors/kafka/kafka_start.h"
#include "connectors/kafka/partition_assignment.h"

namespace rafale::connectors {

/// A consumer that takes the partitions of one task out of several. Its functions are called on one
/// thread, the task's, and never wait unless they say so; what asks brokers runs on a thread of the
/// consumer's and becomes *news*, which take_news() hands over.
class KafkaConsumer {
 public:
  struct Options {
    KafkaSettings client;
    std::vector<std::string> topics;  ///< names, and patterns that begin with '^'
    std::string group;
    KafkaStart start;
    std::uint32_t task_index = 0;
    std::uint32_t task_count = 1;
    std::int64_t refresh_ms = 30'000;  ///< pause between two looks for new partitions
    bool headers = true;               ///< whether records carry their headers
    bool ends = false;                 ///< whether poll() tells the ends of partitions
  };
  /// Of one partition that this task now has.
  struct Assigned {
    TopicPartition partition;
    std::int64_t begin = 0;     ///< offset to read first
    std::int64_t earliest = 0;  ///< the first record that the broker has
    std::int64_t end = 0;       ///< offset behind the last record, when asked
    /// The committed offset is one that the broker has no more, or not yet: the record that would
    /// have been next.
    std::optional<std::int64_t> lost_from;
  };
  struct News {
    /// The task's partitions; nothing if they are as before.
    std::optional<std::vector<Assigned>> assigned;
    std::vector<std::string> errors;  ///< what to report, in sentences
  };
  /// What poll() found.
  enum class Polled : std::uint8_t { record, nothing, out_of_range, end };
  using Offsets = std::map<TopicPartition, std::int64_t>;

  /// `wake` is called on any thread when there is something to poll or to take. Throws
  /// std::invalid_argument for a bad property or pattern.
  KafkaConsumer(Options options, std::function<void()> wake);
  /// Ends the thread and closes the client; takes a moment.
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  /// What happened since the last call; cheap when nothing did.
  std::optional<News> take_news();
  /// Reads from these offsets on, and no other partition.
  void assign(const Offsets& offsets);
  /// Stops and resumes the fetching of a partition.
  void pause(const TopicPartition& partition, bool on);
  /// The next record. `out_of_range`: the partition in `record` has no record at the offset that it
  /// stands at; it stays still until refresh() brings news and assign() moves it. `end`: there is
  /// no record at the offset in `record` yet.
  Polled poll(KafkaRecord& record);
  /// Asks for the partitions, and for the bounds of all, soon.
  void refresh();
  /// Commits without waiting; whether that worked becomes known by committed().
  void commit(const Offsets& offsets);
  /// The same, waiting up to `timeout_ms`; what went wrong, empty if nothing.
  std::string commit_and_wait(const Offsets& offsets, int timeout_ms);
  /// What the broker has confirmed since the last call; what it refused is an error in the news.
  Offsets take_committed();
  /// The offset behind the last record that the broker told of; nothing if it never did.
  std::optional<std::int64_t> end_of(const TopicPartition& partition) const;

 private:
  struct Client;
  class Keeper;
  std::size_t slot_of(const void* topic, std::int32_t partition, const char* name);
  void fill(KafkaRecord& record);

  Options options_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace rafale::connectors
