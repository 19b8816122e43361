// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sessions one after the other, watches that are armed again, and the lease.

#include "coord/zookeeper_store.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>
#include <utility>

#include <spdlog/logger.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/log.h"
#include "common/loopback.h"
#include "coord/paths.h"
#include "coord/zookeeper_session.h"

namespace rafale::coord {
namespace {

using std::chrono::milliseconds;

class ZookeeperStore final : public Store {
 public:
  ZookeeperStore(const ZookeeperOptions& options, const common::Clock& clock)
      : options_(options), clock_(clock), log_(common::log::make("coord")) {
    make_session();
    thread_ = std::thread([this] { run(); });
  }

  ~ZookeeperStore() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    const std::unique_lock lock(session_mutex_);
    session_.reset();
  }

  absl::StatusOr<Node> get(const std::string& path) override {
    return timed([&](ZookeeperSession& s) { return s.get(path); });
  }
  absl::StatusOr<std::vector<std::string>> children(const std::string& path) override {
    return timed([&](ZookeeperSession& s) { return s.children(path, false); });
  }
  absl::Status create(const std::string& path, const std::string& data,
                      Persistence persistence) override {
    return multi({Write::create(path, data, persistence)});
  }
  absl::StatusOr<std::int32_t> put(const std::string& path, const std::string& data,
                                   std::int32_t version) override {
    if (data.size() > kMostData) return too_large(path, data.size());
    return timed([&](ZookeeperSession& s) { return s.put(path, data, version); });
  }
  absl::Status remove(const std::string& path, std::int32_t version) override {
    return multi({Write::remove(path, version)});
  }
  absl::Status multi(const std::vector<Write>& writes) override {
    for (const Write& write : writes) {
      if (write.data.size() > kMostData) return too_large(write.path, write.data.size());
    }
    return timed([&](ZookeeperSession& s) { return s.multi(writes); });
  }
  absl::Status sync(const std::string& path) override {
    return timed([&](ZookeeperSession& s) { return s.sync(path); });
  }

  std::uint64_t watch(const std::string& path, Watcher watcher) override {
    const std::lock_guard lock(mutex_);
    watchers_[next_watcher_] = {path, std::move(watcher)};
    to_arm_.insert(path);
    wake_.notify_all();
    return next_watcher_++;
  }

  void unwatch(std::uint64_t id) override {
    std::unique_lock lock(mutex_);
    watchers_.erase(id);
    if (std::this_thread::get_id() == thread_.get_id()) return;
    idle_.wait(lock, [this, id] { return running_ != id; });
  }

  void on_connection(std::function<void(Connection)> listener) override {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(listener));
  }

  Connection connection() const override {
    const std::lock_guard lock(mutex_);
    return connection_;
  }

  std::int64_t session() const override {
    const std::shared_lock lock(session_mutex_);
    return session_ == nullptr ? 0 : session_->id();
  }

  std::int64_t lease_until_ns() const override {
    const std::lock_guard lock(mutex_);
    return confirmed_ns_ + timeout_ns_;
  }

 private:
  /// Runs a call; an answer proves that the session was alive when the call was sent.
  template <class Call>
  auto timed(Call call) -> decltype(call(std::declval<ZookeeperSession&>())) {
    const std::int64_t sent = clock_.now_ns();
    const std::shared_lock session_lock(session_mutex_);
    auto answer = call(*session_);
    absl::Status status;
    if constexpr (std::is_same_v<decltype(answer), absl::Status>) {
      status = answer;
    } else {
      status = answer.status();
    }
    if (!absl::IsUnavailable(status) && !absl::IsUnknown(status)) {
      const std::lock_guard lock(mutex_);
      confirmed_ns_ = std::max(confirmed_ns_, sent);
    }
    return answer;
  }

  void make_session() {
    const std::uint64_t number = ++session_number_;
    auto fresh = std::make_unique<ZookeeperSession>(
        options_.servers, static_cast<int>(options_.session.count()),
        [this, number](const ZookeeperEvent& event) { on_event(number, event); });
    const std::unique_lock lock(session_mutex_);
    session_ = std::move(fresh);
  }

  /// On the client's thread: remembers and wakes ours.
  void on_event(std::uint64_t number, const ZookeeperEvent& event) {
    const std::lock_guard lock(mutex_);
    if (event.type == ZOO_SESSION_EVENT) {
      states_.emplace_back(number, event.state);
    } else if (!event.path.empty()) {
      changed_.insert(event.path);
    }
    wake_.notify_all();
  }

  void run() {
    std::unique_lock lock(mutex_);
    const milliseconds beat = options_.session / 3;
    while (!stopping_) {
      if (states_.empty() && (to_arm_.empty() || connection_ != Connection::connected) &&
          changed_.empty()) {
        wake_.wait_for(lock, beat);
        if (stopping_) return;
      }
      const auto states = std::exchange(states_, {});
      lock.unlock();
      for (const auto& [number, state] : states) {
        if (number == session_number_) handle_state(state);
      }
      lock.lock();
      const std::set<std::string> changed = std::exchange(changed_, {});
      std::set<std::string> arm;
      if (connection_ == Connection::connected) arm = std::exchange(to_arm_, {});
      arm.insert(changed.begin(), changed.end());
      const bool beat_due =
          connection_ == Connection::connected &&
          clock_.now_ns() - confirmed_ns_ >= std::chrono::nanoseconds(beat).count();
      lock.unlock();
      for (const std::string& path : arm) this->arm(path);
      // Also for a path that is armed for the first time: it may have changed meanwhile.
      for (const std::string& path : arm) call_watchers(path);
      if (beat_due) timed([](ZookeeperSession& s) { return s.exists("/", false); }).IgnoreError();
      lock.lock();
    }
  }

  void handle_state(int state) {
    if (state == ZOO_CONNECTED_STATE) {
      {
        const std::shared_lock session_lock(session_mutex_);
        const std::lock_guard lock(mutex_);
        timeout_ns_ = std::int64_t{session_->timeout_ms()} * 1'000'000;
        for (const auto& [id, watcher] : watchers_) to_arm_.insert(watcher.first);
      }
      timed([](ZookeeperSession& s) { return s.exists("/", false); }).IgnoreError();
      tell(Connection::connected);
      // Changes may have been missed: everybody reads anew.
      std::set<std::string> paths;
      {
        const std::lock_guard lock(mutex_);
        paths = std::exchange(to_arm_, {});
      }
      for (const std::string& path : paths) arm(path);
      for (const std::string& path : paths) call_watchers(path);
    } else if (state == ZOO_EXPIRED_SESSION_STATE || state == ZOO_AUTH_FAILED_STATE) {
      log_->warn("the session with ZooKeeper has expired; making a new one");
      {
        const std::lock_guard lock(mutex_);
        confirmed_ns_ = 0;
      }
      tell(Connection::expired);
      make_session();
    } else {
      tell(Connection::suspended);
    }
  }

  void tell(Connection connection) {
    std::vector<std::function<void(Connection)>> listeners;
    {
      const std::lock_guard lock(mutex_);
      if (connection_ == connection) return;
      connection_ = connection;
      listeners = listeners_;
    }
    for (const auto& listener : listeners) listener(connection);
  }

  /// Asks for the next change of the node and of its list of children.
  void arm(const std::string& path) {
    {
      const std::lock_guard lock(mutex_);
      if (std::ranges::none_of(watchers_, [&](const auto& w) { return w.second.first == path; })) {
        return;
      }
    }
    const absl::Status node = timed([&](ZookeeperSession& s) { return s.exists(path, true); });
    if (node.ok()) {
      timed([&](ZookeeperSession& s) { return s.children(path, true); }).IgnoreError();
    } else if (!absl::IsNotFound(node)) {
      const std::lock_guard lock(mutex_);
      to_arm_.insert(path);  // with the next connection
    }
  }

  void call_watchers(const std::string& path) {
    std::vector<std::uint64_t> ids;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [id, watcher] : watchers_) {
        if (watcher.first == path) ids.push_back(id);
      }
    }
    for (const std::uint64_t id : ids) {
      Watcher call;
      {
        const std::lock_guard lock(mutex_);
        const auto found = watchers_.find(id);
        if (found == watchers_.end()) continue;
        call = found->second.second;
        running_ = id;
      }
      call();
      {
        const std::lock_guard lock(mutex_);
        running_ = 0;
      }
      idle_.notify_all();
    }
  }

  const ZookeeperOptions options_;
  const common::Clock& clock_;
  std::shared_ptr<spdlog::logger> log_;

  mutable std::shared_mutex session_mutex_;  // shared during a call, unique to replace
  std::unique_ptr<ZookeeperSession> session_;
  std::uint64_t session_number_ = 0;  // our thread, after construction

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::vector<std::pair<std::uint64_t, int>> states_;
  std::set<std::string> changed_;
  std::set<std::string> to_arm_;
  std::map<std::uint64_t, std::pair<std::string, Watcher>> watchers_;
  std::uint64_t next_watcher_ = 1;
  std::uint64_t running_ = 0;
  std::vector<std::function<void(Connection)>> listeners_;
  Connection connection_ = Connection::suspended;
  std::int64_t confirmed_ns_ = 0;
  std::int64_t timeout_ns_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> connect_to_zookeeper(const ZookeeperOptions& options,
                                                            const common::Clock& clock) {
  for (const absl::string_view server : absl::StrSplit(options.servers, ',')) {
    const std::string host(server.substr(0, server.rfind(':')));
    if (!options.insecure && !common::is_loopback(host)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "ZooKeeper at ", server,
          " is not on this machine, and its client here cannot encrypt: reach it through a local "
          "TLS tunnel (deploy/ has a unit for stunnel) or, in a network that you trust wholly, set "
          "zookeeper.insecure: true"));
    }
  }
  return std::make_unique<ZookeeperStore>(options, clock);
}

}  // namespace rafale::coord
