// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How to reach a Kafka cluster: its brokers and the properties of the client library.
#pragma once

#include <map>
#include <string>

namespace rafale::connectors {

/// Brokers and properties, as librdkafka names them. A plain value.
struct KafkaSettings {
  std::string servers = "127.0.0.1:9092";  ///< bootstrap.servers
  /// Properties that win over those which spout and bolt choose, such as security.protocol; those
  /// that a guarantee rests on cannot be changed. May hold secrets: never shown.
  std::map<std::string, std::string> properties;
};

/// Reads a file of properties as Kafka's own tools take it (`--command-config`): `key=value` or
/// `key: value` on a line, `#` or `!` begins a comment. Throws std::runtime_error, naming file and
/// line but no value.
std::map<std::string, std::string> read_kafka_properties(const std::string& path);

/// What librdkafka finds wrong with a property, in one sentence; empty if it is fine. Names the
/// property and not its value.
std::string kafka_property_mistake(const std::string& name, const std::string& value);

}  // namespace rafale::connectors
