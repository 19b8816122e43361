// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sweeps and requests.

#include "nimbus/driver.h"

#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "absl/strings/str_cat.h"
#include "common/host_port.h"
#include "common/log.h"
#include "coord/cluster_codec.h"
#include "nimbus/changes.h"
#include "nimbus/validator.h"

namespace rafale::nimbus {
namespace {

using coord::TopologyRecord;
using coord::TopologyState;

constexpr std::chrono::milliseconds kSweep{1000};
constexpr std::int64_t kRereadNs = 10'000'000'000;
constexpr std::int64_t kCollectNs = 30'000'000'000;
constexpr std::int64_t kRememberMs = 600'000;
constexpr std::int64_t kBuriedForMs = 60'000;
// So long a supervisor may be away and still learn that a topology is over.
constexpr std::int64_t kTombstoneMs = std::int64_t{7} * 86'400'000;
constexpr std::int64_t kRetrySpecNs = 5'000'000'000;

std::shared_ptr<spdlog::logger> logger() {
  static const auto logger = common::log::make("nimbus");
  return logger;
}

}  // namespace

Driver::Driver(Parts parts) : parts_(std::move(parts)), coordinator_(parts_.options) {}

Driver::~Driver() { stop(); }

void Driver::start() {
  const auto changed = [this] {
    stale_ = true;
    wake();
  };
  changes_watch_ = parts_.state.watch_changes(changed);
  supervisors_watch_ = parts_.state.watch_supervisors(changed);
  const std::lock_guard lock(keeper_mutex_);
  keeper_ = std::make_unique<common::KeeperThread>(kSweep, [this] { sweep(); });
}

void Driver::stop() {
  if (keeper_ == nullptr || std::exchange(stopped_, true)) return;
  parts_.state.unwatch(changes_watch_);
  parts_.state.unwatch(supervisors_watch_);
  keeper_->stop();
}

void Driver::wake() {
  const std::lock_guard lock(keeper_mutex_);
  if (keeper_ != nullptr) keeper_->wake();
}

absl::Status Driver::check_leading(std::string& leader) const {
  if (election_->token()) return absl::OkStatus();
  const auto known = election_->leader();
  if (parts_.state.store().connection() != coord::Connection::connected) {
    return absl::UnavailableError(
        "ZooKeeper is away; topologies run on, but nothing can be changed or asked until it is "
        "back");
  }
  if (!known) return absl::UnavailableError("no Nimbus leads at present; try again soon");
  leader = common::host_port(known->host, known->port);
  return absl::FailedPreconditionError(
      absl::StrCat("this Nimbus does not lead; ", leader, " does"));
}

coord::LeaderToken Driver::token() const {
  return election_->token().value_or(coord::LeaderToken{"/no-leader", 0});
}

// --- the thread

void Driver::sweep() {
  const std::int64_t now = parts_.clock.now_ns();
  if (!election_->token()) {
    if (led_since_ != 0) logger()->warn("not leading any more");
    led_since_ = 0;
    return;
  }
  if (led_since_ == 0) {
    led_since_ = now;
    stale_ = true;
    const std::lock_guard lock(mutex_);
    coordinator_.hold(now);
    logger()->info("leading");
  }
  // Rounds until nothing more is to be written; bounded, as others write too.
  for (int round = 0; round < 10; ++round) {
    if ((stale_.exchange(false) || now - read_at_ns_ > kRereadNs) && !read()) {
      stale_ = true;
      return;
    }
    load_specs();
    const std::lock_guard placing(placing_mutex_);
    if (stale_) continue;  // slots may have been taken meanwhile
    std::vector<Action> actions;
    {
      const std::lock_guard lock(mutex_);
      actions = coordinator_.decide(parts_.clock.now_ns());
    }
    if (actions.empty()) break;
    for (const Action& action : actions) {
      const absl::Status done = act(action);
      if (!done.ok() && !absl::IsAborted(done)) {
        logger()->warn("a write failed, trying again: {}", std::string(done.message()));
        stale_ = true;
        return;
      }
    }
    stale_ = true;
  }
  flush_errors();
  if (now - collected_at_ns_ > kCollectNs) {
    collected_at_ns_ = now;
    collect_garbage();
  }
}

bool Driver::read() {
  const std::lock_guard one_at_a_time(read_mutex_);
  ClusterView view;
  auto topologies = parts_.state.topologies();
  auto assignments = parts_.state.assignments();
  auto supervisors = parts_.state.supervisors();
  if (!topologies.ok() || !assignments.ok() || !supervisors.ok()) return false;
  view.topologies = *std::move(topologies);
  view.assignments = *std::move(assignments);
  view.supervisors = *std::move(supervisors);
  read_at_ns_ = parts_.clock.now_ns();
  const std::lock_guard lock(mutex_);
  coordinator_.read(std::move(view), read_at_ns_);
  return true;
}

void Driver::load_specs() {
  std::vector<coord::Versioned<TopologyRecord>> wanted;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, topology] : coordinator_.view().topologies) {
      if (coordinator_.spec(id) == nullptr) wanted.push_back(topology);
    }
  }
  const std::int64_t now = parts_.clock.now_ns();
  for (const auto& topology : wanted) {
    const TopologyRecord& record = topology.value;
    const auto tried = spec_failures_.find(record.id);
    if (tried != spec_failures_.end() && now - tried->second < kRetrySpecNs) continue;
    for (const std::string& blob : {record.spec_sha256, record.plugin_sha256}) {
      if (!parts_.blobs.has(blob)) parts_.peers.fetch(blob).IgnoreError();
    }
    const auto bytes = parts_.blobs.get(record.spec_sha256);
    absl::StatusOr<coord::TopologySpec> spec = absl::NotFoundError("no description");
    if (bytes.ok()) spec = coord::decode<coord::TopologySpec>(*bytes);
    if (spec.ok()) {
      spec_failures_.erase(record.id);
      const std::lock_guard lock(mutex_);
      coordinator_.know_spec(record.id, *std::move(spec));
      continue;
    }
    // One topology's blob is missing: it waits, and all others go on.
    spec_failures_[record.id] = now;
    logger()->error("{}: its description (blob {}) is on no Nimbus that answers", record.id,
                    record.spec_sha256);
  }
}

absl::Status Driver::act(const Action& action) {
  if (const auto* put = std::get_if<PutAssignment>(&action)) {
    const coord::Assignment& assignment = put->assignment;
    logger()->info("{}: epoch {}, {} workers, spouts {}", assignment.topology, assignment.epoch,
                   assignment.workers.size(), assignment.spouts_active ? "active" : "stopped");
    return parts_.state.put_assignment(token(), assignment, put->version);
  }
  if (const auto* put = std::get_if<PutRecord>(&action)) {
    return parts_.state.put_topology(token(), put->record, put->version, std::nullopt);
  }
  const std::string& id = std::get<RemoveTopology>(action).id;
  const auto record = parts_.state.topology(id);
  if (!record.ok()) return record.status();
  absl::Status removed = parts_.state.remove_topology(
      token(), id,
      {id, parts_.clock.wall_ms(), {record->value.spec_sha256, record->value.plugin_sha256}});
  if (removed.ok()) {
    logger()->info("{} is gone", id);
    parts_.on_removed(id);
  }
  return removed;
}

void Driver::collect_garbage() {
  parts_.state.forget_requests(token(), parts_.clock.wall_ms() - kRememberMs).IgnoreError();
  const auto tombstones = parts_.state.tombstones();
  const auto topologies = parts_.state.topologies();
  if (!tombstones.ok() || !topologies.ok()) return;  // absence is no reason to delete
  for (const coord::Tombstone& tombstone : *tombstones) {
    if (parts_.clock.wall_ms() - tombstone.at_unix_ms < kBuriedForMs) continue;
    for (const std::string& blob : tombstone.blobs) {
      const bool used = std::ranges::any_of(*topologies, [&blob](const auto& topology) {
        return topology.second.value.spec_sha256 == blob ||
               topology.second.value.plugin_sha256 == blob;
      });
      if (!used) parts_.blobs.remove(blob);
    }
    if (parts_.clock.wall_ms() - tombstone.at_unix_ms > kTombstoneMs) {
      parts_.state.remove_tombstone(token(), tombstone.topology).IgnoreError();
    }
  }
}

// --- requests

absl::StatusOr<TopologyRecord> Driver::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  std::string names;
  for (const auto& [id, topology] : coordinator_.view().topologies) {
    if (id == name || topology.value.name == name) return topology.value;
    absl::StrAppend(&names, names.empty() ? "" : ", ", topology.value.name);
  }
  return absl::NotFoundError(
      absl::StrCat("there is no topology '", name, "'; ",
                   names.empty() ? "none is running" : "there are: ", names));
}

absl::StatusOr<std::optional<std::string>> Driver::earlier(const std::string& request_id) {
  const auto result = parts_.state.request(request_id);
  if (!result.ok()) return result.status();
  if (!*result) return std::optional<std::string>();
  return std::optional((*result)->topology);
}

absl::StatusOr<coord::Assignment> Driver::plan_submit(const SubmitOrder& order) {
  absl::Status valid = check_name("topology", order.name);
  if (valid.ok()) valid = check_spec(order.spec);
  if (!valid.ok()) return valid;
  TopologyRecord record;
  record.name = order.name;
  record.workers = order.spec.workers;
  const std::lock_guard lock(mutex_);
  return coordinator_.plan(record, order.spec, parts_.clock.now_ns());
}

absl::StatusOr<std::string> Driver::submit(const SubmitOrder& order) {
  absl::Status valid = check_name("topology", order.name);
  if (valid.ok()) valid = check_spec(order.spec);
  if (valid.ok()) valid = check_plugin(parts_.blobs.path_of(order.plugin_sha256));
  if (!valid.ok()) return valid;
  const auto before = earlier(order.request_id);
  if (!before.ok()) return before.status();
  if (*before) return **before;
  if (find(order.name).ok()) {
    return absl::AlreadyExistsError(
        absl::StrCat("a topology '", order.name,
                     "' runs already; --name gives this one another name, or "
                     "rafale kill ",
                     order.name, " ends that one"));
  }

  absl::StatusOr<std::string> spec = parts_.blobs.put(coord::encode(order.spec));
  if (!spec.ok()) return spec.status();
  for (const std::string& blob : {*spec, order.plugin_sha256}) {
    absl::Status copied = parts_.peers.replicate(blob);
    if (!copied.ok()) return copied;
  }
  TopologyRecord record;
  record.name = order.name;
  record.state = order.inactive ? TopologyState::inactive : TopologyState::active;
  record.spec_sha256 = *spec;
  record.plugin_sha256 = order.plugin_sha256;
  record.submitted_unix_ms = parts_.clock.wall_ms();
  record.workers = order.spec.workers;
  record.owner = order.owner;
  coord::Assignment assignment;
  // Two that place at once would both take the same slots.
  const std::lock_guard placing(placing_mutex_);
  if (!read()) return absl::UnavailableError("ZooKeeper does not answer; try again");
  absl::StatusOr<std::string> id =
      parts_.state.new_topology_id(order.name, record.submitted_unix_ms);
  if (!id.ok()) return id.status();
  record.id = *std::move(id);
  {
    const std::lock_guard lock(mutex_);
    assignment = coordinator_.plan(record, order.spec, parts_.clock.now_ns());
  }
  const coord::RequestResult result{order.request_id, 0, "", record.id, parts_.clock.wall_ms()};
  stale_ = true;  // for a sweep that waits for us
  absl::Status written = parts_.state.add_topology(
      token(), record, assignment.workers.empty() ? std::nullopt : std::optional(assignment),
      result);
  if (absl::IsUnknown(written)) {  // the connection broke: look what came of it
    const auto after = earlier(order.request_id);
    if (after.ok() && *after) written = absl::OkStatus();
  }
  if (absl::IsAlreadyExists(written)) {
    return absl::AlreadyExistsError(
        absl::StrCat("a topology '", order.name, "' was submitted at the same time"));
  }
  if (!written.ok()) return written;
  read();  // whoever asks next sees it
  {
    const std::lock_guard lock(mutex_);
    coordinator_.know_spec(record.id, order.spec);
  }
  wake();
  logger()->info("{} submitted by {}", record.id, order.owner);
  return record.id;
}

absl::StatusOr<std::string> Driver::change(
    const std::string& request_id, const std::string& name,
    const std::function<absl::Status(TopologyRecord&)>& edit) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto before = earlier(request_id);
    if (!before.ok()) return before.status();
    if (*before) return **before;
    const auto known = find(name);
    if (!known.ok()) return known.status();
    auto record = parts_.state.topology(known->id);
    if (!record.ok()) return record.status();
    absl::Status allowed = edit(record->value);
    if (!allowed.ok()) return allowed;
    absl::Status written = parts_.state.put_topology(
        token(), record->value, record->version,
        coord::RequestResult{request_id, 0, "", known->id, parts_.clock.wall_ms()});
    if (written.ok()) {
      read();
      wake();
      return known->id;
    }
    if (!absl::IsAborted(written) && !absl::IsUnknown(written)) return written;
    if (!election_->token()) return absl::UnavailableError("leadership was lost; try again");
  }
  return absl::UnavailableError("the topology is being changed by others; try again");
}

absl::StatusOr<std::string> Driver::kill(const std::string& request_id, const std::string& name,
                                         std::optional<std::uint32_t> wait_secs) {
  return change(request_id, name, [&](TopologyRecord& record) {
    const std::lock_guard lock(mutex_);
    return ask_kill(record,
                    wait_secs ? *wait_secs * 1000 : default_wait_ms(coordinator_.spec(record.id)));
  });
}

absl::StatusOr<std::string> Driver::set_active(const std::string& request_id,
                                               const std::string& name, bool active) {
  return change(request_id, name,
                [&](TopologyRecord& record) { return ask_active(record, active); });
}

absl::StatusOr<std::string> Driver::rebalance(const Rebalance& order) {
  return change(order.request_id, order.name, [&](TopologyRecord& record) -> absl::Status {
    const std::lock_guard lock(mutex_);
    const coord::TopologySpec* spec = coordinator_.spec(record.id);
    if (spec == nullptr) return absl::UnavailableError("its description is not at hand yet");
    const std::uint32_t wait_ms = order.wait_secs ? *order.wait_secs * 1000 : default_wait_ms(spec);
    return ask_rebalance(record, *spec, {order.workers, order.executors, wait_ms});
  });
}

absl::StatusOr<Driver::Change> Driver::plan_rebalance(const Rebalance& order) {
  auto record = find(order.name);
  if (!record.ok()) return record.status();
  const std::lock_guard lock(mutex_);
  const coord::TopologySpec* spec = coordinator_.spec(record->id);
  if (spec == nullptr) return absl::UnavailableError("its description is not at hand yet");
  absl::Status valid =
      check_rebalance(*spec, order.workers.value_or(record->workers), order.executors);
  if (!valid.ok()) return valid;
  if (order.workers) record->workers = *order.workers;
  for (const auto& [component, count] : order.executors) record->executors[component] = count;
  Change change;
  change.id = record->id;
  const auto present = coordinator_.view().assignments.find(record->id);
  if (present != coordinator_.view().assignments.end()) change.before = present->second.value;
  change.after = coordinator_.plan(*record, *spec, parts_.clock.now_ns());
  return change;
}

absl::StatusOr<std::vector<coord::ErrorEntry>> Driver::errors(const std::string& name) {
  const auto record = find(name);
  if (!record.ok()) return record.status();
  auto errors = parts_.state.errors(record->id);
  if (!errors.ok()) return errors.status();
  const std::lock_guard lock(mutex_);
  const auto fresh = new_errors_.find(record->id);
  if (fresh != new_errors_.end()) {
    errors->insert(errors->begin(), fresh->second.begin(), fresh->second.end());
  }
  return errors;
}

}  // namespace rafale::nimbus
