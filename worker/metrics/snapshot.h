// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the runtime counted, as plain values at one moment.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rafale/context.h"
#include "rafale/failure.h"

namespace rafale::worker {

/// Of one output stream of one component, summed over its tasks.
struct StreamCounts {
  std::string stream;
  std::uint64_t emitted = 0;      ///< emit calls
  std::uint64_t transferred = 0;  ///< rows that reached a task of a subscriber, so 2 per emit to 2
};

/// Of one component, summed over its tasks; exact since the start.
struct ComponentCounts {
  std::string id;
  bool spout = false;
  std::uint32_t executors = 0;
  std::uint32_t tasks = 0;
  bool fused = false;  ///< runs inside its producer's turn
  std::vector<StreamCounts> streams;
  std::uint64_t executed = 0;  ///< tuples handed to execute()
  std::uint64_t acked = 0;     ///< bolts: tuples acked; spouts: messages complete
  std::array<std::uint64_t, kFailureCodes> failed{};  ///< by FailureCode
  std::uint64_t skipped = 0;          ///< rows of trees that were already over, not executed
  std::uint64_t misused = 0;          ///< second acks or fails, emits on a closed anchor
  std::uint64_t held_bytes = 0;       ///< rows kept by hold() now
  std::uint64_t queued_batches = 0;   ///< waiting in the tasks' inboxes now
  std::uint64_t backpressured = 0;    ///< times a task stopped as a consumer was full
  double execute_latency_us_p50 = 0;  ///< bolts, sampled
  double execute_latency_us_p99 = 0;
  double complete_latency_ms_p50 = 0;  ///< spouts, from emit to ack
  double complete_latency_ms_p99 = 0;
  std::map<std::string, std::int64_t> user;  ///< TaskContext::counter()
  std::string last_error;
};

/// A whole topology.
struct Snapshot {
  TopologyStats totals;
  std::vector<ComponentCounts> components;  ///< in name order
};

}  // namespace rafale::worker
