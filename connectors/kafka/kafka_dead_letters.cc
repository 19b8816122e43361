// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Letters as records.
#include "connectors/kafka/kafka_dead_letters.h"

namespace rafale::connectors {

void KafkaDeadLetters::write(std::string_view line, const DeadLetter& letter) {
  writer_.write({.value = line, .header_name = "reason", .header_value = letter.reason});
}

std::string kafka_dead_letter_place(const KafkaDeadLettersOptions& options) {
  return "topic '" + options.topic + "' of Kafka at " + options.client.servers;
}

}  // namespace rafale::connectors
