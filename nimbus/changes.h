// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What users ask of a topology that runs, as edits of its record. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "coord/types.h"

namespace rafale::nimbus {

/// What is left out stays as it is.
struct RebalanceWish {
  std::optional<std::uint32_t> workers{};
  std::map<std::string, std::uint32_t> executors{};  ///< by component
  std::uint32_t wait_ms = 0;
};

/// How long a kill or a rebalance waits for open messages unless it is told: the topology's message
/// timeout. Null: a spec that is not known.
std::uint32_t default_wait_ms(const coord::TopologySpec* spec);

// All leave the record as it was unless they return OK; FAILED_PRECONDITION if its state forbids
// it.

absl::Status ask_kill(coord::TopologyRecord& record, std::uint32_t wait_ms);
absl::Status ask_active(coord::TopologyRecord& record, bool active);
/// The record remembers whether the topology was active, and is that again afterwards.
/// INVALID_ARGUMENT for wishes that `spec` does not allow.
absl::Status ask_rebalance(coord::TopologyRecord& record, const coord::TopologySpec& spec,
                           const RebalanceWish& wish);

}  // namespace rafale::nimbus
