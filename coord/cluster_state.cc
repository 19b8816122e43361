// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Paths and multis of cluster_state.h.

#include "coord/cluster_state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/utf8.h"
#include "coord/cluster_codec.h"
#include "coord/paths.h"

namespace rafale::coord {
namespace {

constexpr std::string_view kLayoutVersion = "rafale 1";
constexpr std::string_view kFolders[] = {"election", "supervisors", "topologies",
                                         "names",    "assignments", "errors",
                                         "requests", "tombstones",  "changes"};
constexpr std::size_t kMostErrors = 50;
constexpr std::size_t kMostErrorText = 512;

/// A node that was there between two looks and is gone now is no error of ours.
bool vanished(const absl::Status& status) { return absl::IsNotFound(status); }

}  // namespace

ClusterState::ClusterState(Store& store, std::string root)
    : store_(store), root_(std::move(root)) {}

std::string ClusterState::path(std::string_view folder, std::string_view name) const {
  std::string joined = root_;
  joined += '/';
  joined += folder;
  if (!name.empty()) {
    joined += '/';
    joined += name;
  }
  return joined;
}

std::string ClusterState::election_path() const { return path("election", ""); }
std::string ClusterState::supervisor_path(const std::string& id) const {
  return path("supervisors", id);
}

absl::Status ClusterState::prepare() {
  // The root may be several folders deep.
  for (std::size_t at = 1; at != std::string::npos && at < root_.size();) {
    at = root_.find('/', at + 1);
    absl::Status made = store_.create(root_.substr(0, at), "", Persistence::persistent);
    if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  }
  const std::string version_path = path("version", "");
  absl::Status made =
      store_.create(version_path, std::string(kLayoutVersion), Persistence::persistent);
  if (absl::IsAlreadyExists(made)) {
    const auto version = store_.get(version_path);
    if (!version.ok()) return version.status();
    if (version->data != kLayoutVersion) {
      return absl::FailedPreconditionError(
          absl::StrCat("ZooKeeper holds a cluster of layout \"", version->data, "\" below ", root_,
                       "; this version writes \"", std::string(kLayoutVersion),
                       "\". Another storm.zookeeper.root starts afresh"));
    }
  } else if (!made.ok()) {
    return made;
  }
  for (const std::string_view folder : kFolders) {
    made = store_.create(path(folder, ""), "", Persistence::persistent);
    if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  }
  return absl::OkStatus();
}

// --- reading

template <class T>
absl::StatusOr<Versioned<T>> ClusterState::read(const std::string& path) {
  const auto node = store_.get(path);
  if (!node.ok()) return node.status();
  absl::StatusOr<T> value = decode<T>(node->data);
  if (!value.ok()) {
    return absl::DataLossError(absl::StrCat(path, ": ", value.status().message()));
  }
  return Versioned<T>{*std::move(value), node->version};
}

template <class T>
absl::StatusOr<std::map<std::string, Versioned<T>>> ClusterState::read_all(
    const std::string& folder) {
  const auto names = store_.children(folder);
  if (!names.ok()) return names.status();
  std::map<std::string, Versioned<T>> values;
  for (const std::string& name : *names) {
    absl::StatusOr<Versioned<T>> value = read<T>(absl::StrCat(folder, "/", name));
    if (value.ok()) {
      values.emplace(name, *std::move(value));
    } else if (!vanished(value.status())) {
      return value.status();
    }
  }
  return values;
}

absl::StatusOr<std::vector<NimbusInfo>> ClusterState::nimbuses() {
  const auto found = read_all<NimbusInfo>(election_path());
  if (!found.ok()) return found.status();
  std::vector<NimbusInfo> nimbuses;
  nimbuses.reserve(found->size());
  for (const auto& [name, nimbus] : *found) nimbuses.push_back(nimbus.value);
  return nimbuses;
}

absl::StatusOr<std::vector<SupervisorInfo>> ClusterState::supervisors() {
  const auto found = read_all<SupervisorInfo>(path("supervisors", ""));
  if (!found.ok()) return found.status();
  std::vector<SupervisorInfo> supervisors;
  supervisors.reserve(found->size());
  for (const auto& [id, supervisor] : *found) supervisors.push_back(supervisor.value);
  return supervisors;
}

absl::StatusOr<std::map<std::string, Versioned<TopologyRecord>>> ClusterState::topologies() {
  return read_all<TopologyRecord>(path("topologies", ""));
}

absl::StatusOr<Versioned<TopologyRecord>> ClusterState::topology(const std::string& id) {
  return read<TopologyRecord>(path("topologies", id));
}

absl::StatusOr<std::map<std::string, Versioned<Assignment>>> ClusterState::assignments() {
  return read_all<Assignment>(path("assignments", ""));
}

absl::StatusOr<Versioned<Assignment>> ClusterState::assignment(const std::string& topology) {
  return read<Assignment>(path("assignments", topology));
}

absl::StatusOr<std::vector<ErrorEntry>> ClusterState::errors(const std::string& topology) {
  const auto found = read<std::vector<ErrorEntry>>(path("errors", topology));
  if (vanished(found.status())) return std::vector<ErrorEntry>{};
  if (!found.ok()) return found.status();
  return found->value;
}

absl::StatusOr<std::vector<Tombstone>> ClusterState::tombstones() {
  const auto found = read_all<Tombstone>(path("tombstones", ""));
  if (!found.ok()) return found.status();
  std::vector<Tombstone> tombstones;
  tombstones.reserve(found->size());
  for (const auto& [id, tombstone] : *found) tombstones.push_back(tombstone.value);
  return tombstones;
}

absl::StatusOr<std::optional<RequestResult>> ClusterState::request(const std::string& request_id) {
  const auto found = read<RequestResult>(path("requests", request_id));
  if (vanished(found.status())) return std::optional<RequestResult>();
  if (!found.ok()) return found.status();
  return std::optional(found->value);
}

absl::StatusOr<std::string> ClusterState::new_topology_id(const std::string& name,
                                                          std::int64_t unix_ms) {
  const auto present = store_.children(path("topologies", ""));
  const auto buried = store_.children(path("tombstones", ""));
  if (!present.ok()) return present.status();
  if (!buried.ok()) return buried.status();
  for (std::size_t number = present->size() + 1;; ++number) {
    std::string id = absl::StrCat(name, "-", number, "-", unix_ms / 1000);
    const auto is_it = [&id](const std::string& other) { return other == id; };
    if (std::ranges::none_of(*present, is_it) && std::ranges::none_of(*buried, is_it)) return id;
  }
}

// --- the leader's writes

absl::Status ClusterState::write(const LeaderToken& leader, std::vector<Write> writes) {
  writes.insert(writes.begin(), Write::check(leader.node));
  writes.push_back(Write::put(path("changes", ""), ""));
  absl::Status status = store_.multi(writes);
  if (vanished(status) && !store_.get(leader.node).ok()) {
    return absl::AbortedError("this Nimbus does not lead any more");
  }
  return status;
}

absl::Status ClusterState::add_topology(const LeaderToken& leader, const TopologyRecord& record,
                                        const std::optional<Assignment>& assignment,
                                        const RequestResult& result) {
  std::vector<Write> writes{Write::create(path("names", record.name), record.id),
                            Write::create(path("topologies", record.id), encode(record))};
  if (assignment) {
    writes.push_back(Write::create(path("assignments", record.id), encode(*assignment)));
  }
  writes.push_back(Write::create(path("requests", result.request_id), encode(result)));
  return write(leader, std::move(writes));
}

absl::Status ClusterState::put_topology(const LeaderToken& leader, const TopologyRecord& record,
                                        std::int32_t version,
                                        const std::optional<RequestResult>& result) {
  std::vector<Write> writes{Write::put(path("topologies", record.id), encode(record), version)};
  if (result)
    writes.push_back(Write::create(path("requests", result->request_id), encode(*result)));
  return write(leader, std::move(writes));
}

absl::Status ClusterState::put_assignment(const LeaderToken& leader, const Assignment& assignment,
                                          std::optional<std::int32_t> version) {
  const std::string node = path("assignments", assignment.topology);
  return write(leader, {version ? Write::put(node, encode(assignment), *version)
                                : Write::create(node, encode(assignment))});
}

absl::Status ClusterState::remove_topology(const LeaderToken& leader, const std::string& id,
                                           const Tombstone& tombstone) {
  const auto record = topology(id);
  if (!record.ok()) return record.status();
  std::vector<Write> writes{Write::create(path("tombstones", id), encode(tombstone)),
                            Write::remove(path("names", record->value.name))};
  for (const std::string_view folder : {"assignments", "errors"}) {
    if (store_.get(path(folder, id)).ok()) writes.push_back(Write::remove(path(folder, id)));
  }
  writes.push_back(Write::remove(path("topologies", id), record->version));
  return write(leader, std::move(writes));
}

absl::Status ClusterState::remove_tombstone(const LeaderToken& leader,
                                            const std::string& topology) {
  return write(leader, {Write::remove(path("tombstones", topology))});
}

absl::Status ClusterState::add_errors(const LeaderToken& leader, const std::string& topology,
                                      const std::vector<ErrorEntry>& errors) {
  const std::string node = path("errors", topology);
  const auto before = read<std::vector<ErrorEntry>>(node);
  if (!before.ok() && !vanished(before.status())) return before.status();
  std::vector<ErrorEntry> all = errors;
  if (before.ok()) all.insert(all.end(), before->value.begin(), before->value.end());
  for (ErrorEntry& error : all) {
    error.text = common::valid_utf8(error.text, kMostErrorText);
  }
  std::ranges::stable_sort(all, std::greater<>(), &ErrorEntry::at_unix_ms);
  if (all.size() > kMostErrors) all.resize(kMostErrors);
  return write(leader, {before.ok() ? Write::put(node, encode(all), before->version)
                                    : Write::create(node, encode(all))});
}

absl::Status ClusterState::forget_requests(const LeaderToken& leader, std::int64_t before_unix_ms) {
  const auto results = read_all<RequestResult>(path("requests", ""));
  if (!results.ok()) return results.status();
  for (const auto& [id, result] : *results) {
    if (result.value.at_unix_ms >= before_unix_ms) continue;
    absl::Status status = write(leader, {Write::remove(path("requests", id))});
    if (!status.ok() && !vanished(status)) return status;
  }
  return absl::OkStatus();
}

// --- watches

std::uint64_t ClusterState::watch_changes(Store::Watcher watcher) {
  return store_.watch(path("changes", ""), std::move(watcher));
}
std::uint64_t ClusterState::watch_supervisors(Store::Watcher watcher) {
  return store_.watch(path("supervisors", ""), std::move(watcher));
}
void ClusterState::unwatch(std::uint64_t id) { store_.unwatch(id); }

}  // namespace rafale::coord
