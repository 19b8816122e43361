// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which partitions a task reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rafale::connectors {

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  friend bool operator==(const TopicPartition&, const TopicPartition&) = default;
  /// By topic, then by partition.
  friend bool operator<(const TopicPartition& a, const TopicPartition& b) {
    return a.topic != b.topic ? a.topic < b.topic : a.partition < b.partition;
  }
};

/// "topic/3".
std::string to_string(const TopicPartition& partition);

/// The partitions of one task out of `count`: sorted, they go round the tasks, so that each task
/// knows its own without asking the others, and the tasks differ by one at most. In order.
std::vector<TopicPartition> partitions_of_task(std::vector<TopicPartition> all,
                                               std::uint32_t task_index, std::uint32_t task_count);

}  // namespace rafale::connectors
