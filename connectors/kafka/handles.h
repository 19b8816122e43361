// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Owners of librdkafka's objects. For the sources of this folder only: users of the connector see
// nothing of the library.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/kafka_settings.h"

namespace rafale::connectors::kafka {

template <auto destroy>
struct Destroy {
  template <class T>
  void operator()(T* object) const {
    destroy(object);
  }
};

using Conf = std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>>;
using Handle = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                   Destroy<rd_kafka_topic_partition_list_destroy>>;

/// The configuration that `settings` ask for. `chosen` are ours unless the user says otherwise,
/// `required` always. Throws std::invalid_argument, naming the property.
Conf make_conf(const KafkaSettings& settings, const std::map<std::string, std::string>& chosen,
               const std::map<std::string, std::string>& required);

/// A client; `what` it is for goes into errors. Throws std::runtime_error.
Handle make_client(rd_kafka_type_t type, Conf conf, const std::string& what);

/// "Broker: Unknown topic or partition".
std::string error_text(rd_kafka_resp_err_t error);

}  // namespace rafale::connectors::kafka
