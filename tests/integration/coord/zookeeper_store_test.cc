// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The store in ZooKeeper keeps the promises of coord/store.h, against a real server.

#include "coord/zookeeper_store.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include <zookeeper/zookeeper.h>

#include "common/clock.h"
#include "tests/integration/coord/zookeeper_proxy.h"
#include "tests/integration/coord/zookeeper_server.h"
#include "tests/unit/coord/store_contract.h"

namespace rafale::coord {
namespace {

/// One server for all tests of the program; each test removes what it finds.
ZookeeperServer& server() {
  static ZookeeperServer server;
  static const bool started = (server.start(), true);
  static_cast<void>(started);
  return server;
}

/// Long enough that no slow machine ends a session that a test has not ended.
constexpr std::chrono::milliseconds kLong{60'000};
/// For a session that shall end by itself.
constexpr std::chrono::milliseconds kShort{1'000};

void remove_tree(Store& store, const std::string& path) {
  for (const std::string& name : store.children(path).value_or(std::vector<std::string>())) {
    remove_tree(store, (path == "/" ? "" : path) + "/" + name);
  }
  if (path != "/" && path != "/zookeeper" && !path.starts_with("/zookeeper/")) {
    store.remove(path, Write::kAny).IgnoreError();
  }
}

bool wait_for(const Store& store, Connection connection) {
  return Happenings::look([&] { return store.connection() == connection; });
}

/// Ends a session as its owner would: comes back with its ticket and says goodbye.
void end_session(const ZookeeperProxy::Ticket& ticket) {
  clientid_t id{};
  id.client_id = ticket.session;
  std::memcpy(id.passwd, ticket.password.data(),
              std::min(ticket.password.size(), sizeof id.passwd));
  zhandle_t* handle = zookeeper_init(
      server().address().c_str(), [](zhandle_t*, int, int, const char*, void*) {},
      static_cast<int>(kLong.count()), &id, nullptr, 0);
  ASSERT_NE(handle, nullptr);
  EXPECT_TRUE(Happenings::look([&] { return zoo_state(handle) == ZOO_CONNECTED_STATE; }));
  EXPECT_EQ(zoo_client_id(handle)->client_id, ticket.session);
  zookeeper_close(handle);
}

class ZookeeperWorld final : public StoreWorld {
 public:
  ZookeeperWorld() { remove_tree(*open(), "/"); }

  std::unique_ptr<Store> open() override { return open(kLong); }

  void cut(Store& store) override {
    proxy(store).cut();
    EXPECT_TRUE(wait_for(store, Connection::suspended));
  }
  void mend(Store& store) override { proxy(store).mend(); }
  void expire(Store& store) override {
    const std::int64_t session = store.session();
    const bool was_connected = store.connection() == Connection::connected;
    proxy(store).cut();
    end_session(proxy(store).ticket());
    if (!was_connected) return;
    proxy(store).mend();
    EXPECT_TRUE(Happenings::look(
        [&] { return store.connection() == Connection::connected && store.session() != session; }));
  }
  void silence(Store& store) override { proxy(store).cut(); }
  void lose_next_answer(Store& store) override { proxy(store).lose_next_answer(); }
  std::unique_ptr<Store> open_short_lived() override { return open(kShort); }

 private:
  std::unique_ptr<Store> open(std::chrono::milliseconds session) {
    auto proxy = std::make_unique<ZookeeperProxy>(server().port());
    auto store = connect_to_zookeeper(
        {.servers = "127.0.0.1:" + std::to_string(proxy->port()), .session = session}, clock_);
    EXPECT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE(wait_for(**store, Connection::connected));
    proxies_[store->get()] = std::move(proxy);
    return *std::move(store);
  }
  ZookeeperProxy& proxy(Store& store) { return *proxies_.at(&store); }

  const common::SystemClock clock_;
  std::map<Store*, std::unique_ptr<ZookeeperProxy>> proxies_;
};

std::unique_ptr<StoreWorld> make_world() {
  const std::string reason = ZookeeperServer::skip_reason();
  if (reason.empty()) return std::make_unique<ZookeeperWorld>();
  [&] { GTEST_SKIP() << reason; }();
  return nullptr;
}

TEST(ZookeeperStore, IsThereAgainWhenItsServerIs) {
  if (const std::string reason = ZookeeperServer::skip_reason(); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  const common::SystemClock clock;
  ZookeeperServer own;
  own.start();
  const auto store = *connect_to_zookeeper({.servers = own.address(), .session = kLong}, clock);
  ASSERT_TRUE(wait_for(*store, Connection::connected));
  const std::int64_t session = store->session();
  ASSERT_TRUE(store->create("/a", "kept", Persistence::persistent).ok());
  ASSERT_TRUE(store->create("/mine", "", Persistence::ephemeral).ok());
  own.kill();
  ASSERT_TRUE(wait_for(*store, Connection::suspended));
  EXPECT_TRUE(absl::IsUnavailable(store->get("/a").status()));
  own.start();
  ASSERT_TRUE(wait_for(*store, Connection::connected));
  EXPECT_EQ(store->get("/a")->data, "kept");
  EXPECT_EQ(store->session(), session);
  EXPECT_EQ(store->get("/mine")->ephemeral_owner, session);
}

INSTANTIATE_TEST_SUITE_P(Zookeeper, StoreContract,
                         testing::Values(StoreKind{"zookeeper", &make_world}));

}  // namespace
}  // namespace rafale::coord
