// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Tree and client of memory_store.h.

#include "coord/memory_store.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coord/paths.h"

namespace rafale::coord {

Write Write::create(std::string path, std::string data, Persistence persistence) {
  return {Kind::create, std::move(path), std::move(data), kAny, persistence};
}
Write Write::put(std::string path, std::string data, std::int32_t version) {
  return {Kind::put, std::move(path), std::move(data), version};
}
Write Write::remove(std::string path, std::int32_t version) {
  return {Kind::remove, std::move(path), "", version};
}
Write Write::check(std::string path, std::int32_t version) {
  return {Kind::check, std::move(path), "", version};
}

// --- the tree

/// A multi's view of the tree: what it would be if the writes so far were done.
struct MemoryTree::Overlay {
  std::map<std::string, Node> nodes;
  std::int64_t id;
  std::set<std::string> changed{};
  std::int32_t put_version = 0;

  absl::Status apply(const Write& write, std::int64_t session) {
    const auto node = nodes.find(write.path);
    const bool exists = node != nodes.end();
    if (write.kind == Write::Kind::create) {
      if (exists) return absl::AlreadyExistsError(write.path);
      const auto parent = nodes.find(parent_of(write.path));
      if (parent == nodes.end()) return absl::NotFoundError(parent_of(write.path));
      if (parent->second.ephemeral_owner != 0) {
        return absl::FailedPreconditionError(absl::StrCat(parent->first, " is ephemeral"));
      }
      nodes[write.path] = {write.data, 0, id,
                           write.persistence == Persistence::ephemeral ? session : 0};
      changed.insert(write.path);
      changed.insert(parent_of(write.path));
      return absl::OkStatus();
    }
    if (!exists) return absl::NotFoundError(write.path);
    if (write.version != Write::kAny && write.version != node->second.version) {
      return absl::AbortedError(
          absl::StrCat(write.path, " has version ", node->second.version, ", not ", write.version));
    }
    if (write.kind == Write::Kind::put) {
      node->second.data = write.data;
      put_version = ++node->second.version;
      changed.insert(write.path);
    } else if (write.kind == Write::Kind::remove) {
      const auto child = nodes.upper_bound(write.path + "/");
      if (child != nodes.end() && child->first.starts_with(write.path + "/")) {
        return absl::FailedPreconditionError(absl::StrCat(write.path, " has children"));
      }
      changed.insert(write.path);
      changed.insert(parent_of(write.path));
      nodes.erase(node);
    }
    return absl::OkStatus();
  }
};

MemoryTree::MemoryTree() { nodes_["/"] = {}; }

absl::Status MemoryTree::apply(const std::vector<Write>& writes, std::int64_t session,
                               std::int32_t* put_version) {
  std::set<std::string> changed;
  {
    const std::lock_guard lock(mutex_);
    Overlay overlay{.nodes = nodes_, .id = next_id_};
    for (const Write& write : writes) {
      absl::Status status = overlay.apply(write, session);
      if (!status.ok()) return status;
    }
    nodes_ = std::move(overlay.nodes);
    ++next_id_;
    if (put_version != nullptr) *put_version = overlay.put_version;
    changed = std::move(overlay.changed);
  }
  notify(changed);
  return absl::OkStatus();
}

absl::StatusOr<Node> MemoryTree::get(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto node = nodes_.find(path);
  if (node == nodes_.end()) return absl::NotFoundError(path);
  return node->second;
}

absl::StatusOr<std::vector<std::string>> MemoryTree::children(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  if (!nodes_.contains(path)) return absl::NotFoundError(path);
  const std::string prefix = path == "/" ? path : path + "/";
  std::vector<std::string> names;
  for (auto at = nodes_.upper_bound(prefix); at != nodes_.end() && at->first.starts_with(prefix);
       ++at) {
    const std::string name = at->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) names.push_back(name);
  }
  return names;
}

std::int64_t MemoryTree::open_session(MemoryStore* client) {
  const std::lock_guard lock(mutex_);
  clients_.insert(client);
  return next_session_++;
}

void MemoryTree::close_session(std::int64_t session) {
  std::vector<Write> removals;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, node] : nodes_) {
      if (node.ephemeral_owner == session && session != 0) removals.push_back(Write::remove(path));
    }
  }
  if (!removals.empty()) apply(removals, session).IgnoreError();
}

void MemoryTree::forget(MemoryStore* client) {
  const std::lock_guard lock(mutex_);
  clients_.erase(client);
}

void MemoryTree::notify(const std::set<std::string>& paths) {
  const std::lock_guard lock(mutex_);
  for (MemoryStore* client : clients_) client->changed(paths);
}

// --- a client

MemoryStore::MemoryStore(MemoryTree& tree, bool deliver_by_hand) : tree_(tree) {
  session_ = tree_.open_session(this);
  if (!deliver_by_hand) thread_ = std::thread([this] { run(); });
}

MemoryStore::~MemoryStore() {
  tree_.forget(this);
  tree_.close_session(session_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::Status MemoryStore::usable() const {
  const std::lock_guard lock(mutex_);
  return connection_ == Connection::connected ? absl::OkStatus()
                                              : absl::UnavailableError("not connected");
}

absl::StatusOr<Node> MemoryStore::get(const std::string& path) {
  absl::Status status = usable();
  if (!status.ok()) return status;
  return tree_.get(path);
}

absl::StatusOr<std::vector<std::string>> MemoryStore::children(const std::string& path) {
  absl::Status status = usable();
  if (!status.ok()) return status;
  return tree_.children(path);
}

absl::Status MemoryStore::write(const std::vector<Write>& writes, std::int32_t* put_version) {
  absl::Status status = usable();
  if (!status.ok()) return status;
  for (const Write& write : writes) {
    if (write.data.size() > kMostData) return too_large(write.path, write.data.size());
  }
  status = tree_.apply(writes, session(), put_version);
  const std::lock_guard lock(mutex_);
  return std::exchange(lose_answer_, false) ? absl::UnknownError("the connection broke") : status;
}

absl::Status MemoryStore::create(const std::string& path, const std::string& data,
                                 Persistence persistence) {
  return write({Write::create(path, data, persistence)});
}

absl::StatusOr<std::int32_t> MemoryStore::put(const std::string& path, const std::string& data,
                                              std::int32_t version) {
  std::int32_t now = 0;
  absl::Status status = write({Write::put(path, data, version)}, &now);
  if (!status.ok()) return status;
  return now;
}

absl::Status MemoryStore::remove(const std::string& path, std::int32_t version) {
  return write({Write::remove(path, version)});
}

absl::Status MemoryStore::multi(const std::vector<Write>& writes) { return write(writes); }

absl::Status MemoryStore::sync(const std::string&) { return usable(); }

std::uint64_t MemoryStore::watch(const std::string& path, Watcher watcher) {
  const std::lock_guard lock(mutex_);
  watchers_[next_watcher_] = {path, std::move(watcher)};
  return next_watcher_++;
}

void MemoryStore::unwatch(std::uint64_t id) {
  std::unique_lock lock(mutex_);
  watchers_.erase(id);
  if (std::this_thread::get_id() == thread_.get_id()) return;
  wake_.wait(lock, [this, id] { return running_ != id; });
}

void MemoryStore::on_connection(std::function<void(Connection)> listener) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back(std::move(listener));
}

Connection MemoryStore::connection() const {
  const std::lock_guard lock(mutex_);
  return connection_;
}

std::int64_t MemoryStore::session() const {
  const std::lock_guard lock(mutex_);
  return session_;
}

std::int64_t MemoryStore::lease_until_ns() const {
  const std::lock_guard lock(mutex_);
  return session_ == 0 ? 0 : lease_;
}

// --- faults and events

void MemoryStore::suspend() { tell(Connection::suspended); }

void MemoryStore::resume() {
  bool expired = false;
  {
    const std::lock_guard lock(mutex_);
    expired = session_ == 0;
  }
  if (expired) {
    tell(Connection::expired);
    const std::int64_t fresh = tree_.open_session(this);
    const std::lock_guard lock(mutex_);
    session_ = fresh;
  }
  tell(Connection::connected);
}

void MemoryStore::expire() {
  std::int64_t old = 0;
  bool connected = false;
  {
    const std::lock_guard lock(mutex_);
    old = std::exchange(session_, 0);
    connected = connection_ == Connection::connected;
  }
  tree_.close_session(old);
  if (connected) resume();
}

void MemoryStore::lose_next_answer() {
  const std::lock_guard lock(mutex_);
  lose_answer_ = true;
}

void MemoryStore::set_lease(std::int64_t until_ns) {
  const std::lock_guard lock(mutex_);
  lease_ = until_ns;
}

void MemoryStore::enqueue(std::function<void()> event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  wake_.notify_all();
}

void MemoryStore::tell(Connection connection) {
  std::vector<std::function<void(Connection)>> listeners;
  {
    const std::lock_guard lock(mutex_);
    connection_ = connection;
    listeners = listeners_;
  }
  for (auto& listener : listeners) {
    enqueue([listener = std::move(listener), connection] { listener(connection); });
  }
  // Changes may have been missed.
  if (connection == Connection::connected) changed({});
}

void MemoryStore::changed(const std::set<std::string>& paths) {
  {
    const std::lock_guard lock(mutex_);
    if (connection_ != Connection::connected) return;
    for (const auto& [id, watcher] : watchers_) {
      if (!paths.empty() && !paths.contains(watcher.first)) continue;
      events_.emplace_back([this, number = id] {
        Watcher call;
        {
          const std::lock_guard inner(mutex_);
          const auto found = watchers_.find(number);
          if (found == watchers_.end()) return;
          call = found->second.second;
          running_ = number;
        }
        call();
        {
          const std::lock_guard inner(mutex_);
          running_ = 0;
        }
        wake_.notify_all();
      });
    }
  }
  wake_.notify_all();
}

bool MemoryStore::deliver() {
  std::vector<std::function<void()>> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  for (const auto& event : events) event();
  return !events.empty();
}

void MemoryStore::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (events_.empty()) {
      wake_.wait(lock);
      continue;
    }
    lock.unlock();
    deliver();
    lock.lock();
  }
}

}  // namespace rafale::coord
