// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The steps of a worker's life.

#include "worker/cluster/lifecycle.h"

#include <algorithm>
#include <utility>

namespace rafale::worker {

Lifecycle::Actions Lifecycle::assigned(bool spouts_active) {
  wanted_ = spouts_active;
  if (phase_ == Phase::waiting) {
    phase_ = Phase::preparing;
    return {Action::prepare};
  }
  return settle();
}

Lifecycle::Actions Lifecycle::prepared(const absl::Status& status) {
  if (phase_ != Phase::preparing) return {};
  if (!status.ok()) return give_up(kExitFailed, std::string(status.message()));
  phase_ = Phase::connecting;
  return {Action::connect};
}

Lifecycle::Actions Lifecycle::peers_ready() {
  if (phase_ != Phase::connecting) return {};
  phase_ = Phase::opening;
  return {Action::open};
}

Lifecycle::Actions Lifecycle::opened(const absl::Status& status) {
  if (phase_ != Phase::opening) return {};
  if (!status.ok()) return give_up(kExitFailed, std::string(status.message()));
  phase_ = Phase::running;
  return settle();
}

Lifecycle::Actions Lifecycle::heard(std::int64_t at_ns) {
  heard_ns_ = std::max(heard_ns_, at_ns);
  return {};
}

Lifecycle::Actions Lifecycle::tick(std::int64_t now_ns) {
  if (phase_ == Phase::draining && now_ns >= drain_until_ns_) {
    return end(0, reason_ + "; not everything was processed in time");
  }
  lapsed_ = now_ns - heard_ns_ > kLeaseNs;
  return settle();
}

Lifecycle::Actions Lifecycle::stop(std::int64_t now_ns, std::int64_t within_ns, std::string why) {
  if (phase_ == Phase::ended) return {};
  if (phase_ == Phase::draining) {
    drain_until_ns_ = std::min(drain_until_ns_, now_ns + within_ns);
    return {};
  }
  if (phase_ != Phase::running) return end(0, std::move(why));
  phase_ = Phase::draining;
  drain_until_ns_ = now_ns + within_ns;
  reason_ = std::move(why);
  active_ = false;
  return {Action::drain};
}

Lifecycle::Actions Lifecycle::drained() {
  return phase_ == Phase::draining ? end(0, reason_) : Actions{};
}

Lifecycle::Actions Lifecycle::give_up(int exit_code, std::string why) {
  return phase_ == Phase::ended ? Actions{} : end(exit_code, std::move(why));
}

std::string_view Lifecycle::state() const {
  switch (phase_) {
    case Phase::running:
      return "running";
    case Phase::draining:
    case Phase::ended:
      return "draining";
    default:
      return "starting";
  }
}

/// Spouts as they should be now.
Lifecycle::Actions Lifecycle::settle() {
  const bool active = phase_ == Phase::running && wanted_ && !lapsed_;
  if (phase_ != Phase::running || active == active_) return {};
  active_ = active;
  return {active ? Action::activate : Action::deactivate};
}

Lifecycle::Actions Lifecycle::end(int exit_code, std::string why) {
  phase_ = Phase::ended;
  active_ = false;
  exit_code_ = exit_code;
  reason_ = std::move(why);
  return {Action::close};
}

}  // namespace rafale::worker
