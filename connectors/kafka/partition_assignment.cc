// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sorted, then dealt out.
#include "connectors/kafka/partition_assignment.h"

#include <algorithm>
#include <utility>

namespace rafale::connectors {

std::string to_string(const TopicPartition& partition) {
  return partition.topic + "/" + std::to_string(partition.partition);
}

std::vector<TopicPartition> partitions_of_task(std::vector<TopicPartition> all,
                                               std::uint32_t task_index, std::uint32_t task_count) {
  std::sort(all.begin(), all.end());
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
  std::vector<TopicPartition> own;
  for (std::size_t i = task_index; i < all.size(); i += task_count) {
    own.push_back(std::move(all[i]));
  }
  return own;
}

}  // namespace rafale::connectors
