// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Events in, actions out.

#include "supervisor/driver_codec.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <set>
#include <utility>

#include <spdlog/logger.h>

#include "absl/strings/str_cat.h"
#include "common/durable_file.h"
#include "common/log.h"
#include "common/random.h"
#include "coord/cluster_codec.h"
#include "supervisor/desired.h"
#include "supervisor/log_files.h"
#include "supervisor/slot_codec.h"

namespace rafale::supervisor {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kTick{250};
constexpr std::int64_t kSweepNs = 10'000'000'000;
constexpr std::int64_t kCleanNs = 60'000'000'000;
constexpr std::size_t kMostWords = 2000;

std::shared_ptr<spdlog::logger> logger() {
  static const auto logger = common::log::make("supervisor");
  return logger;
}

std::string worker_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path() / "rafale-worker";
}

/// Whether a program could listen there now.
bool can_bind(std::uint32_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool good = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return good;
}

Reconciler::Options reconciler_options(const common::ClusterConfig& config) {
  return {.start_timeout_ns = config.worker_start_timeout.count() * 1'000'000,
          .shutdown_ns = config.worker_shutdown.count() * 1'000'000};
}

}  // namespace

Driver::Driver(coord::ClusterState& state, const common::ClusterConfig& config,
               coord::SupervisorInfo self, const common::Clock& clock)
    : state_(state),
      config_(config),
      self_(std::move(self)),
      clock_(clock),
      dir_(config.local_dir + "/supervisor"),
      cache_(dir_ + "/cache",
             [this](const std::string& sha256) { return nimbus_->download(sha256); }),
      hub_(AttachHub::make({.said = [this](const WorkerSaid& word) { return said(word); },
                            .attached =
                                [this](const std::string& token) {
                                  post([this, token](std::int64_t) {
                                    for (const auto& [port, slot] : reconciler_.slots()) {
                                      if (slot.token == token) tell(slot, true);
                                    }
                                    return std::vector<Action>();
                                  });
                                }})),
      reconciler_(self_.slot_ports, reconciler_options(config)) {}

Driver::~Driver() { stop(false); }

std::string Driver::slot_dir(std::uint32_t port) const {
  return absl::StrCat(dir_, "/slots/", port);
}

std::string Driver::log_of(const Slot& slot) const {
  return log_folder(config_.log_dir, slot.wanted.topology, slot.port) + "/worker.log";
}

void Driver::find_workers() {
  watcher_ = std::make_unique<ProcessWatcher>([this](std::uint32_t port, const std::string& how) {
    post([this, port, how](std::int64_t now) {
      const auto slot = reconciler_.slots().find(port);
      if (slot == reconciler_.slots().end()) return std::vector<Action>();
      return reconciler_.exited(
          port, how, last_words(log_of(slot->second), log_begins_[port], kMostWords), now);
    });
  });
  const std::int64_t now = clock_.now_ns();
  for (const std::uint32_t port : self_.slot_ports) {
    std::optional<Slot> slot = recall(slot_dir(port));
    if (!slot || slot->port != port) continue;
    const bool runs = slot->pid != 0 && watcher_->adopt(port, {slot->pid, slot->start_time});
    if (runs) {
      logger()->info("found worker {} of {} again: pid {}, port {}", slot->wanted.worker,
                     slot->wanted.topology, slot->pid, port);
    }
    for (const Action& action : reconciler_.restore(*slot, runs, now)) perform(action);
  }
}

void Driver::start() {
  nimbus_ = NimbusClient::start(
      config_.nimbus_addresses(), config_.security,
      {.request = [this] { return heartbeat(); },
       .answer = [this](const v1::SupervisorHeartbeatResponse& answer) { heard(answer); }});
  changes_watch_ = state_.watch_changes([this] {
    {
      const std::lock_guard lock(mutex_);
      assignments_changed_ = true;
    }
    wake_.notify_all();
  });
  fetcher_ = std::thread([this] { fetch_loop(); });
  thread_ = std::thread([this] { run(); });
}

void Driver::stop(bool workers_too) {
  if (!thread_.joinable()) {
    watcher_.reset();
    return;
  }
  if (workers_too) {
    post([this](std::int64_t now) { return reconciler_.stop_all(now); });
    const auto end = clock_.now() + config_.worker_shutdown + std::chrono::seconds(5);
    std::unique_lock lock(mutex_);
    while (clock_.now() < end && std::ranges::any_of(reconciler_.slots(), [](const auto& slot) {
             return slot.second.pid != 0;
           })) {
      wake_.wait_for(lock, kTick);
    }
  }
  state_.unwatch(changes_watch_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  fetch_wake_.notify_all();
  thread_.join();
  fetcher_.join();
  hub_->stop();
  nimbus_.reset();
  watcher_.reset();
}

// --- the thread

void Driver::post(Event event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  wake_.notify_all();
}

void Driver::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::int64_t now = clock_.now_ns();
    const bool read = std::exchange(assignments_changed_, false) || now - read_at_ns_ > kSweepNs;
    if (read) {
      lock.unlock();
      sweep_assignments();
      lock.lock();
    }
    std::vector<Action> actions;
    for (const Event& event : std::exchange(events_, {})) {
      for (Action& action : event(clock_.now_ns())) actions.push_back(std::move(action));
    }
    for (Action& action : reconciler_.tick(clock_.now_ns())) actions.push_back(std::move(action));
    for (const Action& action : actions) perform(action);
    if (!actions.empty()) nimbus_->beat_now();
    if (now - cleaned_at_ns_ > kCleanNs) {
      cleaned_at_ns_ = now;
      housekeeping(now);
    }
    wake_.notify_all();  // whoever waits in stop()
    wake_.wait_for(lock, kTick,
                   [this] { return stopping_ || !events_.empty() || assignments_changed_; });
  }
}

/// What ZooKeeper says of this machine. Nothing is concluded from what could not be read.
void Driver::sweep_assignments() {
  if (!state_.store().sync(state_.root()).ok()) return;
  auto assignments = state_.assignments();
  const auto supervisors = state_.supervisors();
  auto tombstones = state_.tombstones();
  auto topologies = state_.topologies();
  if (!assignments.ok() || !supervisors.ok() || !tombstones.ok() || !topologies.ok()) return;
  read_at_ns_ = clock_.now_ns();
  const std::lock_guard lock(mutex_);
  for (const coord::SupervisorInfo& info : *supervisors) supervisors_[info.id] = info;
  std::set<std::string> changed;
  for (const auto& [id, assignment] : *assignments) {
    const auto known = assignments_.find(id);
    if (known == assignments_.end() || known->second.epoch != assignment.value.epoch) {
      changed.insert(id);
    }
    assignments_[id] = assignment.value;
  }
  auto desired = desired_of(
      self_.id, {*std::move(assignments), *std::move(topologies), *std::move(tombstones)},
      reconciler_.slots());
  events_.push_back([this, desired = std::move(desired)](std::int64_t now) mutable {
    return reconciler_.want(std::move(desired), now);
  });
  for (const std::string& id : changed) tell_topology(id);
}

void Driver::perform(const Action& action) {
  const auto slot_at = [this](std::uint32_t port) -> const Slot& {
    return reconciler_.slots().at(port);
  };
  if (const auto* fetch = std::get_if<Fetch>(&action)) {
    fetches_.push_back(*fetch);
    fetch_wake_.notify_all();
  } else if (const auto* start = std::get_if<LaunchWorker>(&action)) {
    launch(slot_at(start->port));
  } else if (const auto* stop = std::get_if<StopWorker>(&action)) {
    const Slot& slot = slot_at(stop->port);
    logger()->info("stopping worker {} of {}, pid {}", slot.wanted.worker, slot.wanted.topology,
                   slot.pid);
    hub_->tell(slot.token,
               {.stop = true,
                .stop_within_ms = static_cast<std::uint32_t>(config_.worker_shutdown.count() / 2)});
    watcher_->signal(stop->port, SIGTERM);
  } else if (const auto* kill = std::get_if<KillWorker>(&action)) {
    watcher_->signal(kill->port, SIGKILL);
  } else if (const auto* keep = std::get_if<Remember>(&action)) {
    const absl::Status kept = remember(slot_dir(keep->port), slot_at(keep->port));
    if (!kept.ok()) logger()->error("{}", std::string(kept.message()));
  } else if (const auto* clear = std::get_if<ClearSlot>(&action)) {
    std::error_code error;
    fs::remove_all(slot_dir(clear->port), error);
  } else {
    died(std::get<WorkerDied>(action));
  }
}

void Driver::launch(const Slot& slot) {
  const std::uint32_t port = slot.port;
  const auto refuse = [&](const std::string& why, bool taken) {
    logger()->error("worker {} of {} cannot be started: {}", slot.wanted.worker,
                    slot.wanted.topology, why);
    events_.push_back([this, port, why, taken](std::int64_t now) {
      return reconciler_.not_launched(port, why, taken, now);
    });
  };
  if (!can_bind(port)) {
    refuse(absl::StrCat("port ", port, " is in use by another program"), true);
    return;
  }
  Slot fresh = slot;
  fresh.token = common::random_hex(2);
  const std::string dir = slot_dir(port);
  const std::string log = log_of(slot);
  absl::Status ready = common::make_private_folders(dir);
  if (ready.ok()) {
    ready = common::make_private_folders(log_folder(config_.log_dir, slot.wanted.topology, port));
  }
  if (ready.ok()) {
    ready = write_launch(dir, fresh,
                         {.supervisor = self_.id,
                          .run_dir = self_.socket_dir,
                          .plugin = artifacts_[port].first,
                          .spec_blob = artifacts_[port].second,
                          .nimbuses = nimbus_->nimbuses()},
                         config_);
  }
  // Should we end before the process is remembered, our heir takes the next instance.
  if (ready.ok()) ready = remember(dir, fresh);
  if (!ready.ok()) {
    refuse(std::string(ready.message()), false);
    return;
  }
  log_begins_[port] = size_of(log);
  // The worker may attach before launched() was heard.
  const auto process =
      watcher_->start(port, {.arguments = {worker_program(), "cluster", "--slot", dir},
                             .directory = log_folder(config_.log_dir, slot.wanted.topology, port),
                             .log = log});
  if (!process.ok()) {
    refuse(std::string(process.status().message()), false);
    return;
  }
  logger()->info("worker {} instance {} of {}: pid {}, port {}", slot.wanted.worker, slot.instance,
                 slot.wanted.topology, process->pid, port);
  for (const Action& action : reconciler_.launched(port, process->pid, process->start_time,
                                                   fresh.token, clock_.now_ns())) {
    perform(action);
  }
}

/// Counters are kept until Nimbus has confirmed them; other workers hear at once.
void Driver::died(const WorkerDied& death) {
  ++deaths_;
  const auto stats = read_counters(slot_dir(death.port) + "/counters", death.dead);
  if (stats.ok()) dead_[death.dead] = *stats;
  std::uint32_t& newest = instances_[{death.dead.topology, death.dead.worker}];
  newest = std::max(newest, death.dead.instance + 1);
  if (!death.how.empty()) {
    logger()->warn("worker {} of {} on port {}: {}", death.dead.worker, death.dead.topology,
                   death.port, death.how);
    errors_.add(death.dead.topology,
                {"worker", absl::StrCat("worker ", death.dead.worker, ": ", death.how),
                 clock_.wall_ms(), self_.host, death.port, 1});
  }
  tell_topology(death.dead.topology);
}

void Driver::fetch_loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (fetches_.empty()) {
      fetch_wake_.wait(lock);
      continue;
    }
    const Fetch fetch = fetches_.front();
    fetches_.erase(fetches_.begin());
    lock.unlock();
    const auto plugin = cache_.get(fetch.plugin_sha256);
    const auto spec = plugin.ok() ? cache_.get(fetch.spec_sha256) : plugin;
    const std::string mistake = spec.ok() ? "" : std::string(spec.status().message());
    lock.lock();
    if (spec.ok()) artifacts_[fetch.port] = {*plugin, *spec};
    events_.push_back([this, port = fetch.port, mistake](std::int64_t now) {
      return reconciler_.fetched(port, mistake, now);
    });
    wake_.notify_all();
  }
}

void Driver::housekeeping(std::int64_t) {
  std::set<std::string> used;
  for (const auto& [id, assignment] : assignments_) {
    used.insert({assignment.plugin_sha256, assignment.spec_sha256});
  }
  for (const auto& [port, slot] : reconciler_.slots()) {
    if (slot.state == SlotState::empty) continue;
    used.insert({slot.wanted.plugin_sha256, slot.wanted.spec_sha256});
    rotate_log(log_of(slot), config_.log_max_bytes);
  }
  cache_.clean(used);
}

// --- workers

bool Driver::said(const WorkerSaid& word) {
  const std::lock_guard lock(mutex_);
  const std::optional<std::uint32_t> port = reconciler_.port_of(word.token);
  if (!port) return false;
  events_.push_back([this, port = *port, word](std::int64_t now) {
    reconciler_.reported(port, word.state, word.adopted_epoch, word.failure, now);
    return std::vector<Action>();
  });
  wake_.notify_all();
  return true;
}

void Driver::tell(const Slot& slot, bool everything) {
  WorkerNews news;
  const auto assignment = assignments_.find(slot.wanted.topology);
  if (assignment != assignments_.end()) {
    news.assignment = &assignment->second;
    std::set<std::string> added;
    for (const coord::WorkerAssignment& worker : assignment->second.workers) {
      const auto supervisor = supervisors_.find(worker.supervisor);
      if (supervisor != supervisors_.end() && added.insert(worker.supervisor).second) {
        news.supervisors.push_back(supervisor->second);
      }
    }
  }
  for (const auto& [key, instance] : instances_) {
    if (key.first == slot.wanted.topology) {
      news.current.push_back({key.first, key.second, instance});
    }
  }
  if (everything) news.nimbuses = nimbus_->nimbuses();
  hub_->tell(slot.token, news);
}

void Driver::tell_topology(const std::string& topology) {
  for (const auto& [port, slot] : reconciler_.slots()) {
    if (slot.pid != 0 && slot.wanted.topology == topology) tell(slot, false);
  }
}

}  // namespace rafale::supervisor
