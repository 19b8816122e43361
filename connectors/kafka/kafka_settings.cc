// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files of properties, and a look at each property by the library that will use it.
#include "connectors/kafka/kafka_settings.h"

#include <array>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "connectors/kafka/handles.h"

namespace rafale::connectors {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::map<std::string, std::string> read_kafka_properties(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read the file '" + path + "'");
  std::map<std::string, std::string> properties;
  int number = 0;
  for (std::string text; std::getline(file, text);) {
    ++number;
    const std::string_view line = trimmed(text);
    if (line.empty() || line.front() == '#' || line.front() == '!') continue;
    const std::size_t sign = line.find_first_of("=:");
    if (sign == std::string_view::npos || sign == 0) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": expected 'property=value'");
    }
    properties[std::string(trimmed(line.substr(0, sign)))] =
        std::string(trimmed(line.substr(sign + 1)));
  }
  return properties;
}

std::string kafka_property_mistake(const std::string& name, const std::string& value) {
  const kafka::Conf conf(rd_kafka_conf_new());
  std::array<char, 256> error{};
  switch (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), error.data(), error.size())) {
    case RD_KAFKA_CONF_OK:
      return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return "'" + name + "' is no property of librdkafka";
    default:
      return "the value of '" + name + "' is not one that librdkafka takes";
  }
}

}  // namespace rafale::connectors
