// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One record of a topic, as spouts see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace rafale::connectors {

/// A record that was read. Views are valid until the next record is read.
struct KafkaRecord {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::size_t slot = 0;  ///< of the partition, in the order of KafkaConsumer::assign()
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< nothing: a tombstone
  std::int64_t timestamp_ms = -1;         ///< since 1970; -1: the record has none
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};

}  // namespace rafale::connectors
