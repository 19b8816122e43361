// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From settings to clients.
#include "connectors/kafka/handles.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace rafale::connectors::kafka {
namespace {

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> error{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) !=
      RD_KAFKA_CONF_OK) {
    throw std::invalid_argument("Kafka: " + kafka_property_mistake(name, value));
  }
}

}  // namespace

Conf make_conf(const KafkaSettings& settings, const std::map<std::string, std::string>& chosen,
               const std::map<std::string, std::string>& required) {
  Conf conf(rd_kafka_conf_new());
  set(conf.get(), "bootstrap.servers", settings.servers);
  set(conf.get(), "client.id", "rafale");
  for (const auto& [name, value] : chosen) set(conf.get(), name, value);
  for (const auto& [name, value] : settings.properties) set(conf.get(), name, value);
  for (const auto& [name, value] : required) set(conf.get(), name, value);
  return conf;
}

Handle make_client(rd_kafka_type_t type, Conf conf, const std::string& what) {
  std::array<char, 512> error{};
  Handle handle(rd_kafka_new(type, conf.get(), error.data(), error.size()));
  if (!handle) throw std::runtime_error("cannot make " + what + ": " + error.data());
  static_cast<void>(conf.release());  // the client's now
  return handle;
}

std::string error_text(rd_kafka_resp_err_t error) { return rd_kafka_err2str(error); }

}  // namespace rafale::connectors::kafka
