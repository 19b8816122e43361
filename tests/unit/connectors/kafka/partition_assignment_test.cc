// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Partitions dealt out to tasks.
#include "connectors/kafka/partition_assignment.h"

#include <set>

#include <gmock/gmock.h>

namespace rafale::connectors {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PartitionsOfTask, GoRoundTheTasksInOrder) {
  const std::vector<TopicPartition> all{{"b", 0}, {"a", 1}, {"a", 0}, {"a", 2}};
  EXPECT_THAT(partitions_of_task(all, 0, 2),
              ElementsAre(TopicPartition{"a", 0}, TopicPartition{"a", 2}));
  EXPECT_THAT(partitions_of_task(all, 1, 2),
              ElementsAre(TopicPartition{"a", 1}, TopicPartition{"b", 0}));
}

TEST(PartitionsOfTask, EachPartitionHasExactlyOneTaskAndRepetitionsCountOnce) {
  std::vector<TopicPartition> all;
  for (int i = 0; i < 17; ++i) all.push_back({"t", i % 13});
  for (std::uint32_t tasks = 1; tasks < 20; ++tasks) {
    std::multiset<TopicPartition> dealt;
    for (std::uint32_t task = 0; task < tasks; ++task) {
      for (const TopicPartition& own : partitions_of_task(all, task, tasks)) dealt.insert(own);
    }
    EXPECT_EQ(dealt.size(), 13u) << tasks;
    EXPECT_EQ(std::set(dealt.begin(), dealt.end()).size(), 13u) << tasks;
  }
}

TEST(PartitionsOfTask, ATaskMayHaveNone) {
  EXPECT_THAT(partitions_of_task({{"t", 0}}, 1, 2), IsEmpty());
}

}  // namespace
}  // namespace rafale::connectors
