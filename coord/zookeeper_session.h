// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One handle of ZooKeeper's C client: calls that wait for their answer, with our errors.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <zookeeper/zookeeper.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/store.h"

namespace rafale::coord {

/// What the client reports, on its own thread: a change of the session's state, or of a node (then
/// `path` is set).
struct ZookeeperEvent {
  int type = 0;
  int state = 0;
  std::string path;
};

/// Any thread but the client's own. Lives as long as one session.
class ZookeeperSession {
 public:
  using Listener = std::function<void(const ZookeeperEvent&)>;
  ZookeeperSession(const std::string& servers, int session_ms, Listener listener);
  ~ZookeeperSession();
  ZookeeperSession(const ZookeeperSession&) = delete;
  ZookeeperSession& operator=(const ZookeeperSession&) = delete;

  bool valid() const { return handle_ != nullptr; }
  bool connected() const;
  std::int64_t id() const;
  int timeout_ms() const;

  /// With `watch`, the next change is reported as an event.
  absl::StatusOr<Node> get(const std::string& path);
  absl::StatusOr<std::vector<std::string>> children(const std::string& path, bool watch);
  absl::Status exists(const std::string& path, bool watch);
  absl::Status multi(const std::vector<Write>& writes);
  absl::StatusOr<std::int32_t> put(const std::string& path, const std::string& data,
                                   std::int32_t version);
  absl::Status sync(const std::string& path);

 private:
  static void on_event(zhandle_t* handle, int type, int state, const char* path, void* context);
  absl::Status usable() const;

  Listener listener_;
  zhandle_t* handle_ = nullptr;
};

}  // namespace rafale::coord
