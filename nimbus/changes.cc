// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which state allows what.

#include "nimbus/changes.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "nimbus/validator.h"

namespace rafale::nimbus {

using coord::TopologyState;

std::uint32_t default_wait_ms(const coord::TopologySpec* spec) {
  if (spec != nullptr) {
    const auto found = spec->settings.find("topology.message.timeout.secs");
    if (found != spec->settings.end()) {
      const int seconds = std::atoi(found->second.c_str());
      if (seconds > 0) return static_cast<std::uint32_t>(seconds) * 1000;
    }
  }
  return 30'000;
}

absl::Status ask_kill(coord::TopologyRecord& record, std::uint32_t wait_ms) {
  record.wait_ms = wait_ms;
  record.state = TopologyState::killed;
  return absl::OkStatus();
}

absl::Status ask_active(coord::TopologyRecord& record, bool active) {
  if (record.state == TopologyState::killed || record.state == TopologyState::rebalancing) {
    return absl::FailedPreconditionError(absl::StrCat(
        record.name, " is being ",
        record.state == TopologyState::killed ? "killed" : "rebalanced; try again soon"));
  }
  record.state = active ? TopologyState::active : TopologyState::inactive;
  return absl::OkStatus();
}

absl::Status ask_rebalance(coord::TopologyRecord& record, const coord::TopologySpec& spec,
                           const RebalanceWish& wish) {
  if (record.state == TopologyState::killed) {
    return absl::FailedPreconditionError(absl::StrCat(record.name, " is being killed"));
  }
  absl::Status valid = check_rebalance(spec, wish.workers.value_or(record.workers), wish.executors);
  if (!valid.ok()) return valid;
  if (wish.workers) record.workers = *wish.workers;
  for (const auto& [component, count] : wish.executors) record.executors[component] = count;
  record.wait_ms = wish.wait_ms;
  if (record.state == TopologyState::inactive) record.state_before = TopologyState::inactive;
  record.state = TopologyState::rebalancing;
  ++record.rebalances;
  return absl::OkStatus();
}

}  // namespace rafale::nimbus
