// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Questions to brokers, one after another, each with a limit of time.
#include "connectors/kafka/consumer_keeper.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <regex>
#include <string_view>
#include <utility>

namespace rafale::connectors {
namespace {

constexpr int kAnswerMs = 3000;
constexpr std::chrono::milliseconds kRetry{300};
constexpr std::size_t kMostErrors = 16;  // that wait to be taken

using MetadataPtr =
    std::unique_ptr<const rd_kafka_metadata_t, kafka::Destroy<rd_kafka_metadata_destroy>>;
using TopicPtr = std::unique_ptr<rd_kafka_topic_t, kafka::Destroy<rd_kafka_topic_destroy>>;

void add_partitions(const std::string& topic, int count, std::vector<TopicPartition>& found) {
  for (std::int32_t i = 0; i < count; ++i) found.push_back({topic, i});
}

bool is_pattern(const std::string& topic) { return topic.starts_with('^'); }

kafka::Partitions list_of(const TopicPartition& partition, std::int64_t offset) {
  kafka::Partitions list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
      ->offset = offset;
  return list;
}

}  // namespace

KafkaConsumer::Keeper::Keeper(const Options& options, rd_kafka_t* client,
                              std::function<void()> wake)
    : options_(options), client_(client), wake_(std::move(wake)), thread_([this] { run(); }) {}

KafkaConsumer::Keeper::~Keeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void KafkaConsumer::Keeper::refresh() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
  }
  changed_.notify_all();
}

void KafkaConsumer::Keeper::report(std::string error) {
  {
    const std::lock_guard lock(mutex_);
    if (news_.errors.size() < kMostErrors) news_.errors.push_back(std::move(error));
    has_news_.store(true, std::memory_order_release);
  }
  wake_();
}

std::optional<KafkaConsumer::News> KafkaConsumer::Keeper::take() {
  if (!has_news_.load(std::memory_order_acquire)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  has_news_.store(false, std::memory_order_release);
  return std::exchange(news_, {});
}

void KafkaConsumer::Keeper::run() {
  bool all = false;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    const bool answered = look(all);
    lock.lock();
    const auto pause = answered ? std::chrono::milliseconds(options_.refresh_ms) : kRetry;
    changed_.wait_for(lock, pause, [this] { return stop_ || asked_; });
    all = std::exchange(asked_, false) || (all && !answered);
  }
}

// `all`: also the partitions that are known already. False if a broker did not answer.
bool KafkaConsumer::Keeper::look(bool all) {
  const auto found = find_partitions();
  if (!found) return false;
  const auto mine = partitions_of_task(*found, options_.task_index, options_.task_count);
  const bool same = mine.size() == own_.size() &&
                    std::ranges::all_of(mine, [&](const auto& p) { return own_.contains(p); });
  if (same && !all && !own_.empty()) return true;

  std::vector<TopicPartition> open;
  for (const TopicPartition& partition : mine) {
    if (all || !own_.contains(partition)) open.push_back(partition);
  }
  const auto placed = place(open);
  if (!placed) return false;
  std::map<TopicPartition, Assigned> next;
  for (const TopicPartition& partition : mine) {
    if (const auto known = own_.find(partition); known != own_.end()) next.insert(*known);
  }
  for (const Assigned& assigned : *placed) next[assigned.partition] = assigned;
  own_ = std::move(next);
  {
    const std::lock_guard lock(mutex_);
    news_.assigned.emplace();
    for (const auto& [partition, assigned] : own_) news_.assigned->push_back(assigned);
    has_news_.store(true, std::memory_order_release);
  }
  wake_();
  return true;
}

std::optional<std::vector<TopicPartition>> KafkaConsumer::Keeper::find_partitions() {
  std::vector<TopicPartition> found;
  for (const std::string& topic : options_.topics) {
    if (!is_pattern(topic) && !add_topic(topic, found)) return std::nullopt;
  }
  if (std::ranges::any_of(options_.topics, is_pattern) && !add_pattern(found)) return std::nullopt;
  return found;
}

bool KafkaConsumer::Keeper::add_topic(const std::string& name, std::vector<TopicPartition>& found) {
  const TopicPtr topic(rd_kafka_topic_new(client_, name.c_str(), nullptr));
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client_, 0, topic.get(), &raw, kAnswerMs);
  const MetadataPtr metadata(raw);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    report("no answer from Kafka at " + options_.client.servers + " about topic '" + name +
           "': " + kafka::error_text(error));
    return false;
  }
  int& size = sizes_[name];
  const rd_kafka_metadata_topic* about = metadata->topic_cnt == 1 ? &metadata->topics[0] : nullptr;
  if (about == nullptr || about->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    report("topic '" + name + "': " +
           (about == nullptr ? "the broker does not know it" : kafka::error_text(about->err)));
  } else {
    size = std::max(size, about->partition_cnt);
  }
  add_partitions(name, size, found);
  // Who waits for a topic to be made looks again soon.
  return size > 0;
}

bool KafkaConsumer::Keeper::add_pattern(std::vector<TopicPartition>& found) {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client_, 1, nullptr, &raw, kAnswerMs);
  const MetadataPtr metadata(raw);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    report("no answer from Kafka at " + options_.client.servers +
           " about its topics: " + kafka::error_text(error));
    return false;
  }
  for (const std::string& pattern : options_.topics) {
    if (!is_pattern(pattern)) continue;
    const std::regex matches(pattern, std::regex::extended);
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const rd_kafka_metadata_topic& topic = metadata->topics[i];
      const std::string_view name = topic.topic;
      // Kafka's own topics are meant only by who names them.
      const bool hidden = name.starts_with("__") && !pattern.starts_with("^__");
      if (hidden || topic.err != RD_KAFKA_RESP_ERR_NO_ERROR ||
          !std::regex_search(topic.topic, matches)) {
        continue;
      }
      int& size = sizes_[topic.topic];
      size = std::max(size, topic.partition_cnt);
    }
    for (const auto& [name, size] : sizes_) {
      if (std::regex_search(name, matches)) add_partitions(name, size, found);
    }
  }
  return true;
}

std::optional<std::vector<KafkaConsumer::Assigned>> KafkaConsumer::Keeper::place(
    const std::vector<TopicPartition>& partitions) {
  if (partitions.empty()) return std::vector<Assigned>();
  const kafka::Partitions committed(
      rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& partition : partitions) {
    rd_kafka_topic_partition_list_add(committed.get(), partition.topic.c_str(),
                                      partition.partition);
  }
  const auto error = rd_kafka_committed(client_, committed.get(), kAnswerMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    report("cannot read the offsets that group '" + options_.group +
           "' committed: " + kafka::error_text(error));
    return std::nullopt;
  }
  std::vector<Assigned> placed;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const rd_kafka_topic_partition_t& at = committed->elems[i];
    Assigned& assigned = placed.emplace_back();
    assigned.partition = partitions[i];
    if (at.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      report(to_string(partitions[i]) +
             ": cannot read the committed offset: " + kafka::error_text(at.err));
      return std::nullopt;
    }
    if (!add_bounds(assigned) || !add_begin(assigned, at.offset)) return std::nullopt;
  }
  return placed;
}

bool KafkaConsumer::Keeper::add_bounds(Assigned& assigned) {
  const TopicPartition& partition = assigned.partition;
  const auto error =
      rd_kafka_query_watermark_offsets(client_, partition.topic.c_str(), partition.partition,
                                       &assigned.earliest, &assigned.end, kAnswerMs);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
  report(to_string(partition) +
         ": cannot read its first and last offset: " + kafka::error_text(error));
  return false;
}

bool KafkaConsumer::Keeper::add_begin(Assigned& assigned, std::int64_t committed) {
  if (committed >= 0) {
    const bool there = committed >= assigned.earliest && committed <= assigned.end;
    assigned.begin = there ? committed : assigned.earliest;
    if (!there) assigned.lost_from = committed;
    return true;
  }
  assigned.begin = options_.start.at == KafkaStart::At::earliest ? assigned.earliest : assigned.end;
  if (options_.start.at != KafkaStart::At::timestamp) return true;
  const kafka::Partitions times = list_of(assigned.partition, options_.start.timestamp_ms);
  const auto error = rd_kafka_offsets_for_times(client_, times.get(), kAnswerMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    report(to_string(assigned.partition) +
           ": cannot find the offset of a time: " + kafka::error_text(error));
    return false;
  }
  if (times->elems[0].offset >= 0) assigned.begin = times->elems[0].offset;
  return true;
}

}  // namespace rafale::connectors
