// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Transitions.

#include "supervisor/reconciler.h"

#include <algorithm>
#include <utility>

namespace rafale::supervisor {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kFirstPauseMs = 100;
constexpr std::int64_t kLongestPauseMs = 60'000;
constexpr std::int64_t kLongLifeNs = 60'000'000'000;
constexpr std::int64_t kUnusableNs = 5'000'000'000;

}  // namespace

std::string_view to_string(SlotState state) {
  switch (state) {
    case SlotState::empty:
      return "empty";
    case SlotState::fetching:
      return "fetching";
    case SlotState::starting:
      return "starting";
    case SlotState::running:
      return "running";
    case SlotState::stopping:
      return "stopping";
    case SlotState::backoff:
      return "backoff";
    case SlotState::unusable:
      return "unusable";
  }
  return "";
}

Reconciler::Reconciler(const std::vector<std::uint32_t>& ports, const Options& options)
    : options_(options) {
  for (const std::uint32_t port : ports) slots_[port].port = port;
}

std::vector<Action> Reconciler::restore(Slot slot, bool runs, std::int64_t now_ns) {
  std::vector<Action> actions;
  slot.started_ns = now_ns;
  if (runs) {
    enter(slot, SlotState::running, now_ns);
  } else {
    const coord::InstanceId ended{slot.wanted.topology, slot.wanted.worker, slot.instance};
    const std::string how = "it ended while no supervisor ran";
    if (slot.pid != 0) {
      actions.emplace_back(WorkerDied{slot.port, ended, how});
      slot.last_exit = how;
    }
    ++slot.instance;
    slot.pid = 0;
    slot.start_time = 0;
    slot.retry_ns = now_ns;
    enter(slot, SlotState::backoff, now_ns);
    actions.emplace_back(Remember{slot.port});
  }
  desired_[slot.port] = slot.wanted;  // until the assignments were read
  slots_[slot.port] = std::move(slot);
  return actions;
}

std::optional<std::uint32_t> Reconciler::port_of(const std::string& token) const {
  for (const auto& [port, slot] : slots_) {
    if (slot.pid != 0 && !token.empty() && slot.token == token) return port;
  }
  return std::nullopt;
}

void Reconciler::enter(Slot& slot, SlotState state, std::int64_t now_ns) {
  slot.state = state;
  slot.since_ns = now_ns;
}

std::vector<Action> Reconciler::want(std::map<std::uint32_t, Desired> desired,
                                     std::int64_t now_ns) {
  desired_ = std::move(desired);
  return tick(now_ns);
}

std::vector<Action> Reconciler::tick(std::int64_t now_ns) {
  std::vector<Action> actions;
  for (auto& [port, slot] : slots_) look(slot, now_ns, actions);
  return actions;
}

std::vector<Action> Reconciler::stop_all(std::int64_t now_ns) {
  ending_ = true;
  return tick(now_ns);
}

void Reconciler::take_up(Slot& slot, const Desired& desired, std::int64_t now_ns,
                         std::vector<Action>& actions) {
  const bool same_worker = slot.wanted.topology == desired.topology &&
                           slot.wanted.worker == desired.worker &&
                           slot.wanted.instance_base == desired.instance_base;
  if (!same_worker) {
    slot.instance = desired.instance_base;
    slot.restarts = 0;
    slot.pause_ms = 0;
    slot.last_exit.clear();
    slot.last_words.clear();
  }
  slot.wanted = desired;
  slot.failure.clear();
  enter(slot, SlotState::fetching, now_ns);
  actions.emplace_back(Fetch{slot.port, desired.plugin_sha256, desired.spec_sha256});
}

void Reconciler::stop(Slot& slot, std::int64_t now_ns, std::vector<Action>& actions) {
  enter(slot, SlotState::stopping, now_ns);
  slot.deadline_ns = now_ns + options_.shutdown_ns;
  actions.emplace_back(StopWorker{slot.port});
}

void Reconciler::pause(Slot& slot, std::int64_t now_ns) {
  slot.pause_ms = slot.pause_ms == 0 ? kFirstPauseMs : std::min(2 * slot.pause_ms, kLongestPauseMs);
  slot.retry_ns = now_ns + slot.pause_ms * kNsPerMs;
  enter(slot, SlotState::backoff, now_ns);
}

void Reconciler::look(Slot& slot, std::int64_t now_ns, std::vector<Action>& actions) {
  const auto found = desired_.find(slot.port);
  const Desired* desired = ending_ || found == desired_.end() ? nullptr : &found->second;
  const bool matches = desired != nullptr && *desired == slot.wanted;
  switch (slot.state) {
    case SlotState::empty:
      if (desired != nullptr) take_up(slot, *desired, now_ns, actions);
      break;
    case SlotState::fetching:
      break;  // fetched() goes on
    case SlotState::starting:
    case SlotState::running:
      if (!matches) {
        stop(slot, now_ns, actions);
      } else if (slot.state == SlotState::starting &&
                 now_ns - slot.since_ns >= options_.start_timeout_ns) {
        slot.failure = "it did not come up within supervisor.worker.start.timeout.secs";
        actions.emplace_back(KillWorker{slot.port});
        slot.since_ns = now_ns;
      }
      break;
    case SlotState::stopping:
      if (now_ns >= slot.deadline_ns) {
        actions.emplace_back(KillWorker{slot.port});
        slot.deadline_ns = now_ns + options_.shutdown_ns;
      }
      break;
    case SlotState::backoff:
    case SlotState::unusable:
      if (desired == nullptr) {
        actions.emplace_back(ClearSlot{slot.port});
        const std::uint32_t port = slot.port;
        slot = {};
        slot.port = port;
      } else if (!matches || now_ns >= slot.retry_ns) {
        take_up(slot, *desired, now_ns, actions);
      }
      break;
  }
}

std::vector<Action> Reconciler::fetched(std::uint32_t port, const std::string& mistake,
                                        std::int64_t now_ns) {
  Slot& slot = slots_[port];
  std::vector<Action> actions;
  if (slot.state != SlotState::fetching) return actions;
  if (!mistake.empty()) {
    slot.last_exit = mistake;
    pause(slot, now_ns);
    return actions;
  }
  const auto desired = desired_.find(port);
  if (ending_ || desired == desired_.end() || !(desired->second == slot.wanted)) {
    enter(slot, SlotState::backoff, now_ns);
    slot.retry_ns = now_ns;
    look(slot, now_ns, actions);
    return actions;
  }
  actions.emplace_back(LaunchWorker{port});
  return actions;
}

std::vector<Action> Reconciler::launched(std::uint32_t port, std::uint32_t pid,
                                         std::uint64_t start_time, const std::string& token,
                                         std::int64_t now_ns) {
  Slot& slot = slots_[port];
  slot.pid = pid;
  slot.start_time = start_time;
  slot.token = token;
  slot.started_ns = now_ns;
  slot.adopted_epoch = 0;
  enter(slot, SlotState::starting, now_ns);
  return {Remember{port}};
}

std::vector<Action> Reconciler::not_launched(std::uint32_t port, const std::string& why,
                                             bool port_taken, std::int64_t now_ns) {
  Slot& slot = slots_[port];
  slot.last_exit = why;
  if (port_taken) {
    enter(slot, SlotState::unusable, now_ns);
    slot.retry_ns = now_ns + kUnusableNs;
  } else {
    pause(slot, now_ns);
  }
  return {};
}

void Reconciler::reported(std::uint32_t port, const std::string& state, std::uint32_t adopted_epoch,
                          const std::string& failure, std::int64_t now_ns) {
  Slot& slot = slots_[port];
  slot.adopted_epoch = adopted_epoch;
  if (!failure.empty()) slot.failure = failure;
  if (state == "running" && slot.state == SlotState::starting) {
    enter(slot, SlotState::running, now_ns);
  }
}

std::vector<Action> Reconciler::exited(std::uint32_t port, const std::string& how,
                                       const std::string& words, std::int64_t now_ns) {
  Slot& slot = slots_[port];
  std::vector<Action> actions;
  const bool wanted_to = slot.state == SlotState::stopping;
  const std::string told = slot.failure.empty() ? how : how + ": " + slot.failure;
  actions.emplace_back(WorkerDied{
      port, {slot.wanted.topology, slot.wanted.worker, slot.instance}, wanted_to ? "" : told});
  slot.pid = 0;
  slot.start_time = 0;
  ++slot.instance;
  slot.last_exit = told;
  slot.last_words = wanted_to ? "" : words;
  if (now_ns - slot.started_ns >= kLongLifeNs) slot.pause_ms = 0;
  if (wanted_to) {
    enter(slot, SlotState::backoff, now_ns);
    slot.retry_ns = now_ns;
  } else {
    ++slot.restarts;
    pause(slot, now_ns);
  }
  actions.emplace_back(Remember{port});
  look(slot, now_ns, actions);
  return actions;
}

}  // namespace rafale::supervisor
