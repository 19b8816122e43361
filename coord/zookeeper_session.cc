// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls of the C client.

#include "coord/zookeeper_session.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include <spdlog/logger.h>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace rafale::coord {
namespace {

absl::Status status_of(int code, const std::string& path) {
  switch (code) {
    case ZOK:
      return absl::OkStatus();
    case ZNONODE:
      return absl::NotFoundError(path);
    case ZNODEEXISTS:
      return absl::AlreadyExistsError(path);
    case ZBADVERSION:
    case ZRUNTIMEINCONSISTENCY:
      return absl::AbortedError(absl::StrCat(path, " was changed by another"));
    case ZNOTEMPTY:
    case ZNOCHILDRENFOREPHEMERALS:
      return absl::FailedPreconditionError(absl::StrCat(path, ": ", zerror(code)));
    case ZINVALIDSTATE:
    case ZSESSIONEXPIRED:
    case ZCLOSING:
      return absl::UnavailableError(absl::StrCat("ZooKeeper: ", zerror(code)));
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
      return absl::UnknownError(absl::StrCat("ZooKeeper: ", zerror(code), " at ", path));
    case ZNOAUTH:
      return absl::PermissionDeniedError(absl::StrCat("ZooKeeper refuses access to ", path));
    default:
      return absl::InternalError(absl::StrCat("ZooKeeper: ", zerror(code), " at ", path));
  }
}

void log_line(const char* message) {
  static const auto logger = common::log::make("zookeeper");
  logger->debug("{}", message);
}

int flags_of(Persistence persistence) {
  return persistence == Persistence::ephemeral ? ZOO_EPHEMERAL : 0;
}

}  // namespace

ZookeeperSession::ZookeeperSession(const std::string& servers, int session_ms, Listener listener)
    : listener_(std::move(listener)) {
  zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
  handle_ = zookeeper_init2(servers.c_str(), &ZookeeperSession::on_event, session_ms, nullptr, this,
                            0, &log_line);
}

ZookeeperSession::~ZookeeperSession() {
  if (handle_ != nullptr) zookeeper_close(handle_);
}

bool ZookeeperSession::connected() const {
  return handle_ != nullptr && zoo_state(handle_) == ZOO_CONNECTED_STATE;
}

std::int64_t ZookeeperSession::id() const {
  const bool over = handle_ == nullptr || zoo_state(handle_) == ZOO_EXPIRED_SESSION_STATE;
  return over ? 0 : zoo_client_id(handle_)->client_id;
}

int ZookeeperSession::timeout_ms() const { return zoo_recv_timeout(handle_); }

absl::Status ZookeeperSession::usable() const {
  return connected() ? absl::OkStatus() : absl::UnavailableError("not connected to ZooKeeper");
}

void ZookeeperSession::on_event(zhandle_t*, int type, int state, const char* path, void* context) {
  static_cast<ZookeeperSession*>(context)->listener_({type, state, path == nullptr ? "" : path});
}

absl::StatusOr<Node> ZookeeperSession::get(const std::string& path) {
  absl::Status ready = usable();
  if (!ready.ok()) return ready;
  std::string buffer(64 * 1024, '\0');
  Stat stat{};
  auto size = static_cast<int>(buffer.size());
  int code = zoo_get(handle_, path.c_str(), 0, buffer.data(), &size, &stat);
  if (code == ZOK && stat.dataLength > static_cast<int>(buffer.size())) {
    buffer.resize(static_cast<std::size_t>(stat.dataLength));
    size = stat.dataLength;
    code = zoo_get(handle_, path.c_str(), 0, buffer.data(), &size, &stat);
  }
  if (code != ZOK) return status_of(code, path);
  buffer.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return Node{std::move(buffer), stat.version, stat.czxid, stat.ephemeralOwner};
}

absl::StatusOr<std::vector<std::string>> ZookeeperSession::children(const std::string& path,
                                                                    bool watch) {
  absl::Status ready = usable();
  if (!ready.ok()) return ready;
  String_vector found{};
  const int code = zoo_get_children(handle_, path.c_str(), watch ? 1 : 0, &found);
  if (code != ZOK) return status_of(code, path);
  std::vector<std::string> names(found.data, found.data + found.count);
  deallocate_String_vector(&found);
  return names;
}

absl::Status ZookeeperSession::exists(const std::string& path, bool watch) {
  absl::Status ready = usable();
  if (!ready.ok()) return ready;
  Stat stat{};
  return status_of(zoo_exists(handle_, path.c_str(), watch ? 1 : 0, &stat), path);
}

absl::Status ZookeeperSession::multi(const std::vector<Write>& writes) {
  absl::Status ready = usable();
  if (!ready.ok()) return ready;
  std::vector<zoo_op_t> operations(writes.size());
  std::vector<zoo_op_result_t> results(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const Write& write = writes[i];
    const auto size = static_cast<int>(write.data.size());
    switch (write.kind) {
      case Write::Kind::create:
        zoo_create_op_init(&operations[i], write.path.c_str(), write.data.data(), size,
                           &ZOO_OPEN_ACL_UNSAFE, flags_of(write.persistence), nullptr, 0);
        break;
      case Write::Kind::put:
        zoo_set_op_init(&operations[i], write.path.c_str(), write.data.data(), size, write.version,
                        nullptr);
        break;
      case Write::Kind::remove:
        zoo_delete_op_init(&operations[i], write.path.c_str(), write.version);
        break;
      case Write::Kind::check:
        zoo_check_op_init(&operations[i], write.path.c_str(), write.version);
        break;
    }
  }
  const int code =
      zoo_multi(handle_, static_cast<int>(writes.size()), operations.data(), results.data());
  if (code == ZOK) return absl::OkStatus();
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const int error = results[i].err;
    if (error != ZOK && error != ZRUNTIMEINCONSISTENCY && error == code) {
      return status_of(error, writes[i].path);
    }
  }
  return status_of(code, writes.empty() ? "" : writes.front().path);
}

absl::StatusOr<std::int32_t> ZookeeperSession::put(const std::string& path, const std::string& data,
                                                   std::int32_t version) {
  absl::Status ready = usable();
  if (!ready.ok()) return ready;
  Stat stat{};
  const int code =
      zoo_set2(handle_, path.c_str(), data.data(), static_cast<int>(data.size()), version, &stat);
  if (code != ZOK) return status_of(code, path);
  return stat.version;
}

absl::Status ZookeeperSession::sync(const std::string& path) {
  absl::Status ready = usable();
  if (!ready.ok()) return ready;
  struct Answer {
    std::mutex mutex;
    std::condition_variable came;
    bool there = false;
    int code = 0;
  } answer;
  const int code = zoo_async(
      handle_, path.c_str(),
      [](int result, const char*, const void* context) {
        auto* to = const_cast<Answer*>(static_cast<const Answer*>(context));
        const std::lock_guard lock(to->mutex);
        to->code = result;
        to->there = true;
        to->came.notify_one();
      },
      &answer);
  if (code != ZOK) return status_of(code, path);
  std::unique_lock lock(answer.mutex);
  answer.came.wait(lock, [&answer] { return answer.there; });
  return status_of(answer.code, path);
}

}  // namespace rafale::coord
