// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the driver tells Nimbus, and what it hears from there.

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "coord/cluster_codec.h"
#include "supervisor/driver_codec.h"

namespace rafale::supervisor {

namespace fs = std::filesystem;

std::vector<v1::WorkerReport> Driver::reports() const {
  const std::lock_guard lock(mutex_);
  std::vector<v1::WorkerReport> reports;
  for (const auto& [port, slot] : reconciler_.slots()) {
    if (slot.state == SlotState::empty) continue;
    v1::WorkerReport& report = reports.emplace_back();
    report.set_topology(slot.wanted.topology);
    report.set_worker(slot.wanted.worker);
    report.set_instance(slot.instance);
    report.set_port(port);
    report.set_pid(slot.pid);
    report.set_state(std::string(to_string(slot.state)));
    report.set_restarts(slot.restarts);
    report.set_last_exit(slot.last_exit);
    report.set_last_words(slot.last_words);
    if (slot.pid != 0) {
      report.set_uptime_ms(
          static_cast<std::uint64_t>((clock_.now_ns() - slot.started_ns) / 1'000'000));
    }
  }
  return reports;
}

std::map<std::string, int> Driver::states() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, int> states;
  for (const auto& [port, slot] : reconciler_.slots()) ++states[std::string(to_string(slot.state))];
  return states;
}

v1::SupervisorHeartbeatRequest Driver::heartbeat() {
  v1::SupervisorHeartbeatRequest request;
  *request.mutable_info() = coord::to_proto(self_);
  for (v1::WorkerReport& report : reports()) *request.add_workers() = std::move(report);
  std::error_code error;
  request.set_free_disk_bytes(fs::space(config_.local_dir, error).available);
  request.set_now_unix_ms(clock_.wall_ms());
  const std::lock_guard lock(mutex_);
  for (const auto& [id, stats] : dead_) *request.add_dead() = stats;
  for (const auto& [topology, errors] : errors_.send()) {
    *request.add_errors() = coord::to_proto(errors);
    request.add_error_topologies(topology);
  }
  return request;
}

void Driver::heard(const v1::SupervisorHeartbeatResponse& answer) {
  const std::lock_guard lock(mutex_);
  errors_.delivered();
  for (const v1::InstanceId& id : answer.confirmed_dead()) dead_.erase(coord::from_proto(id));
  std::set<std::string> changed;
  for (const v1::InstanceId& id : answer.current()) {
    std::uint32_t& newest = instances_[{id.topology(), id.worker()}];
    if (id.instance() <= newest) continue;
    newest = id.instance();
    changed.insert(id.topology());
  }
  for (const std::string& topology : changed) tell_topology(topology);
}

}  // namespace rafale::supervisor
