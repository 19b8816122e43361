// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A tree of small versioned nodes, as narrow as the cluster needs it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rafale::coord {

/// A node's data and what the store knows of it.
struct Node {
  std::string data;
  std::int32_t version = 0;  ///< rises by one with each put
  /// czxid: rises over all nodes ever created; only nodes of one multi share theirs.
  std::int64_t created = 0;
  std::int64_t ephemeral_owner = 0;  ///< session of an ephemeral node, 0 for others
};

enum class Persistence : std::uint8_t { persistent, ephemeral };

/// One write of a multi. All of a multi happen, or none.
struct Write {
  enum class Kind : std::uint8_t { create, put, remove, check };
  Kind kind = Kind::check;
  std::string path;
  std::string data{};           ///< of create and put
  std::int32_t version = kAny;  ///< of put, remove and check
  Persistence persistence = Persistence::persistent;
  static constexpr std::int32_t kAny = -1;

  static Write create(std::string path, std::string data,
                      Persistence persistence = Persistence::persistent);
  static Write put(std::string path, std::string data, std::int32_t version = kAny);
  static Write remove(std::string path, std::int32_t version = kAny);
  static Write check(std::string path, std::int32_t version = kAny);
};

/// Whether the store can be relied on at this moment.
enum class Connection : std::uint8_t {
  connected,
  suspended,  ///< no server answers; what we know may be old; writes fail
  expired,    ///< the session is over, ephemerals are gone; a new session follows by itself
};

/// ZooKeeper (zookeeper_store.h), or its twin in memory (memory_store.h).
///
/// Calls block until the server has answered, from any thread but the one that runs watchers. Paths
/// are absolute; parents must exist. Errors: NOT_FOUND, ALREADY_EXISTS, ABORTED (a version or check
/// did not match; nothing of a multi was done), FAILED_PRECONDITION (remove of a node with
/// children), UNAVAILABLE (not connected; nothing was sent), UNKNOWN (the connection broke: the
/// write may or may not have happened; read and compare), RESOURCE_EXHAUSTED (data above 64 KiB,
/// said before anything is sent).
class Store {
 public:
  using Watcher = std::function<void()>;

  virtual ~Store() = default;

  virtual absl::StatusOr<Node> get(const std::string& path) = 0;
  virtual absl::StatusOr<std::vector<std::string>> children(const std::string& path) = 0;
  /// Creates; with GUIDs in names or data a repetition after UNKNOWN is the caller's to recognise.
  virtual absl::Status create(const std::string& path, const std::string& data,
                              Persistence persistence) = 0;
  virtual absl::StatusOr<std::int32_t> put(const std::string& path, const std::string& data,
                                           std::int32_t version) = 0;
  virtual absl::Status remove(const std::string& path, std::int32_t version) = 0;
  virtual absl::Status multi(const std::vector<Write>& writes) = 0;
  /// Waits until this client sees all that was written before the call.
  virtual absl::Status sync(const std::string& path) = 0;

  /// Calls `watcher` after any change of the node at `path`, its existence or its list of children,
  /// again and again, on the store's watcher thread; also after each new connection, since changes
  /// may have been missed. A hint: the watcher must read anew, and must not block or call the
  /// store: let it wake another thread. Returns a number for unwatch().
  virtual std::uint64_t watch(const std::string& path, Watcher watcher) = 0;
  /// No call of the watcher runs or begins after return, unless called from a watcher.
  virtual void unwatch(std::uint64_t id) = 0;

  /// Calls `listener` on each change of the connection, on the watcher thread.
  virtual void on_connection(std::function<void(Connection)> listener) = 0;
  virtual Connection connection() const = 0;
  /// Of the present session; ephemeral nodes of ours have it as their owner. Stays while suspended:
  /// the session may live on. 0: none, as before the first connection and after an expiry.
  virtual std::int64_t session() const = 0;
  /// Own lease: monotonic time until which the server has certainly not expired the session, as
  /// Clock::now_ns(). The C client does not expire a session by itself while it is cut off.
  virtual std::int64_t lease_until_ns() const = 0;
};

}  // namespace rafale::coord
