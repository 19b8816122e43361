// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where a spout begins to read a partition.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rafale::connectors {

/// The first record that is read of a partition for which the group has committed no offset. Where
/// it has, reading goes on there: whoever wants to read again chooses another group.
struct KafkaStart {
  enum class At : std::uint8_t { earliest, latest, timestamp };

  At at = At::earliest;
  std::int64_t timestamp_ms = 0;  ///< of At::timestamp: the first record not older than this
};

/// Reads "earliest", "latest", or a time: milliseconds since 1970, or "2024-04-01T06:00:00Z".
/// Nothing for any other text.
std::optional<KafkaStart> parse_kafka_start(std::string_view text);

}  // namespace rafale::connectors
