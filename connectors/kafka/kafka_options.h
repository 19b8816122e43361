// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The settings of Kafka as topologies offer them to their users.
#pragma once

#include <string>
#include <vector>

#include "connectors/kafka/kafka_settings.h"
#include "connectors/kafka/kafka_spout.h"
#include "rafale/topology_builder.h"

namespace rafale::connectors {

/// Declares kafka.bootstrap.servers, kafka.properties.file and kafka.property and reads them; what
/// is wrong is one of the builder's mistakes.
KafkaSettings read_kafka_settings(TopologyBuilder& builder);

/// Whether these are one topic, by its name: what a topology needs that knows records by partition
/// and offset alone. Else a mistake of the builder's.
bool require_one_topic(TopologyBuilder& builder, const std::vector<std::string>& topics);

/// Declares PREFIX.topics (default `topics`, names and ^patterns with commas), PREFIX.group
/// (default `group`), PREFIX.start, PREFIX.guarantee, PREFIX.commit.ms, PREFIX.refresh.ms,
/// PREFIX.until.end and reads them.
KafkaSpoutOptions read_kafka_spout(TopologyBuilder& builder, const KafkaSettings& client,
                                   const std::string& prefix, const std::string& topics,
                                   const std::string& group);

/// Declares kafka.dead.letters.topic. If that names a topic, the topology's dead letters go there.
void read_kafka_dead_letters(TopologyBuilder& builder, const KafkaSettings& client);

}  // namespace rafale::connectors
