// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The store's twin in memory, for tests and simulations.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "coord/store.h"

namespace rafale::coord {

class MemoryStore;

/// The one tree that several clients share. Any thread. Outlives its clients.
class MemoryTree {
 public:
  MemoryTree();

  /// What a client does: all at once or nothing. `put_version`, if given, becomes the version that
  /// the last put has made.
  absl::Status apply(const std::vector<Write>& writes, std::int64_t session,
                     std::int32_t* put_version = nullptr);
  absl::StatusOr<Node> get(const std::string& path) const;
  absl::StatusOr<std::vector<std::string>> children(const std::string& path) const;

  std::int64_t open_session(MemoryStore* client);
  /// Removes the session's ephemeral nodes.
  void close_session(std::int64_t session);
  void forget(MemoryStore* client);

 private:
  struct Overlay;
  void notify(const std::set<std::string>& paths);

  mutable std::mutex mutex_;
  std::map<std::string, Node> nodes_;
  std::int64_t next_id_ = 1;
  std::int64_t next_session_ = 100;
  std::set<MemoryStore*> clients_;
};

/// One client, which is one session at a time. Errors and order of events are those of the real
/// store; faults are made by the test.
class MemoryStore final : public Store {
 public:
  /// Watchers run on a thread of the store, or, if `deliver_by_hand`, when deliver() is called: for
  /// simulations that decide the order of all things.
  explicit MemoryStore(MemoryTree& tree, bool deliver_by_hand = false);
  ~MemoryStore() override;

  absl::StatusOr<Node> get(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> children(const std::string& path) override;
  absl::Status create(const std::string& path, const std::string& data,
                      Persistence persistence) override;
  absl::StatusOr<std::int32_t> put(const std::string& path, const std::string& data,
                                   std::int32_t version) override;
  absl::Status remove(const std::string& path, std::int32_t version) override;
  absl::Status multi(const std::vector<Write>& writes) override;
  absl::Status sync(const std::string& path) override;
  std::uint64_t watch(const std::string& path, Watcher watcher) override;
  void unwatch(std::uint64_t id) override;
  void on_connection(std::function<void(Connection)> listener) override;
  Connection connection() const override;
  std::int64_t session() const override;
  std::int64_t lease_until_ns() const override;

  // --- faults
  /// No server answers: calls are UNAVAILABLE. The session lives on.
  void suspend();
  /// Servers answer again, in the old session if it was not expired meanwhile.
  void resume();
  /// The server ends the session; a connected client hears of it and gets a new one.
  void expire();
  /// The next write happens, but its answer is lost: UNKNOWN.
  void lose_next_answer();
  /// Until when lease_until_ns() says that the lease of a session holds; far in the future by
  /// default.
  void set_lease(std::int64_t until_ns);

  /// Runs the watchers that wait; true if there were any.
  bool deliver();
  /// From the tree: paths that changed.
  void changed(const std::set<std::string>& paths);

 private:
  absl::Status usable() const;
  absl::Status write(const std::vector<Write>& writes, std::int32_t* put_version = nullptr);
  void enqueue(std::function<void()> event);
  void tell(Connection connection);
  void run();

  MemoryTree& tree_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::uint64_t, std::pair<std::string, Watcher>> watchers_;
  std::vector<std::function<void(Connection)>> listeners_;
  std::vector<std::function<void()>> events_;
  std::uint64_t next_watcher_ = 1;
  std::uint64_t running_ = 0;  // watcher that runs now
  Connection connection_ = Connection::connected;
  std::int64_t session_ = 0;
  std::int64_t lease_ = INT64_MAX;
  bool lose_answer_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rafale::coord
