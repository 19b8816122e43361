// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What is known of topologies and supervisors, as answers to users.
#pragma once

#include <string>

#include "nimbus/coordinator.h"
#include "nimbus/stats_codec.h"
#include "rafale/v1/nimbus.pb.h"

namespace rafale::nimbus {

/// "ACTIVE" only when every worker runs with its spouts open.
std::string status_word(const Coordinator& coordinator, const coord::TopologyRecord& record,
                        std::int64_t now_ns);

v1::GetStatusResponse status_answer(const Coordinator& coordinator, const StatsBook& stats,
                                    const coord::TopologyRecord& record, const std::string& window,
                                    std::int64_t now_ns, std::int64_t unix_ms);
v1::TopologySummary summary(const Coordinator& coordinator, const coord::TopologyRecord& record,
                            std::int64_t now_ns, std::int64_t unix_ms);
v1::SupervisorSummary summary(const Coordinator& coordinator,
                              const Coordinator::SupervisorState& state, std::int64_t now_ns,
                              std::int64_t unix_ms);

}  // namespace rafale::nimbus
