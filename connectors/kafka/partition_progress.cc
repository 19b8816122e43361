// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A queue of records, taken from the front as they are complete.
#include "connectors/kafka/partition_progress.h"

namespace rafale::connectors {

std::uint64_t PartitionProgress::add(std::int64_t offset, std::uint32_t messages) {
  records_.push_back({offset, messages});
  const std::uint64_t place = first_ + records_.size() - 1;
  if (messages == 0) advance();
  return place;
}

void PartitionProgress::complete(std::uint64_t place) {
  if (place < first_) return;
  Record& record = records_[place - first_];
  if (record.open > 0) --record.open;
  if (place == first_) advance();
}

void PartitionProgress::advance() {
  while (!records_.empty() && records_.front().open == 0) {
    complete_below_ = records_.front().offset + 1;
    records_.pop_front();
    ++first_;
  }
}

}  // namespace rafale::connectors
