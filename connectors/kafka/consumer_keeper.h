// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The thread of a consumer that asks brokers: which partitions there are, and where each begins.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "connectors/kafka/handles.h"
#include "connectors/kafka/kafka_consumer.h"

namespace rafale::connectors {

/// Looks at once, then every Options::refresh_ms, after refresh(), and each second while brokers
/// do not answer. A partition that is missing from an answer is kept: topics that are gone are
/// reported, and absence may be an error of the moment.
class KafkaConsumer::Keeper {
 public:
  /// `client` lives longer than the keeper.
  Keeper(const Options& options, rd_kafka_t* client, std::function<void()> wake);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Any thread.
  void refresh();
  void report(std::string error);
  std::optional<News> take();

 private:
  void run();
  bool look(bool all);
  std::optional<std::vector<TopicPartition>> find_partitions();
  bool add_topic(const std::string& name, std::vector<TopicPartition>& found);
  bool add_pattern(std::vector<TopicPartition>& found);
  std::optional<std::vector<Assigned>> place(const std::vector<TopicPartition>& partitions);
  bool add_bounds(Assigned& assigned);
  bool add_begin(Assigned& assigned, std::int64_t committed);

  const Options& options_;
  rd_kafka_t* client_;
  std::function<void()> wake_;
  std::map<TopicPartition, Assigned> own_;  // of the thread
  std::map<std::string, int> sizes_;        // partitions of each topic that was seen; the thread's

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  bool asked_ = false;
  News news_;
  std::atomic<bool> has_news_{false};
  std::thread thread_;
};

}  // namespace rafale::connectors
