// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Watchers and listeners: what every store promises of its watcher thread.

#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include <gmock/gmock.h>

#include "tests/unit/coord/store_contract.h"

namespace rafale::coord {
namespace {

/// A watcher that counts its calls, until it is destroyed.
class Calls {
 public:
  Calls(Store& store, const std::string& path) : store_(store) {
    watch_ = store_.watch(path, [this] { happenings_.note([this] { ++count_; }); });
  }
  ~Calls() { store_.unwatch(watch_); }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  std::uint64_t watch() const { return watch_; }
  int count() {
    return happenings_.read([this] { return count_; });
  }
  bool wait_for_more_than(int before) {
    return happenings_.wait([this, before] { return count_ > before; });
  }

 private:
  Store& store_;
  Happenings happenings_;
  int count_ = 0;
  std::uint64_t watch_ = 0;
};

/// Reads a node anew whenever its watcher is called, on a thread of its own, and never otherwise.
class Mirror {
 public:
  Mirror(Store& store, const std::string& path) : store_(store), path_(path) {
    watch_ = store_.watch(path_, [this] { happenings_.note([this] { called_ = true; }); });
    thread_ = std::thread([this] { run(); });
  }
  ~Mirror() {
    store_.unwatch(watch_);
    happenings_.note([this] { ended_ = true; });
    thread_.join();
  }
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  /// Waits until it shows this; nothing for a node that is not there.
  bool shows(const std::optional<std::string>& data) {
    return happenings_.wait([&] { return seen_.has_value() && *seen_ == data; });
  }

 private:
  void run() {
    for (;;) {
      bool go_on = false;
      happenings_.wait([&] { return called_ || ended_; });
      happenings_.note([&] {
        go_on = !ended_;
        called_ = false;
      });
      if (!go_on) return;
      const auto node = store_.get(path_);
      if (!node.ok() && !absl::IsNotFound(node.status())) continue;  // with the next connection
      happenings_.note([&] { seen_ = node.ok() ? std::optional(node->data) : std::nullopt; });
    }
  }

  Store& store_;
  const std::string path_;
  Happenings happenings_;
  bool called_ = false;
  bool ended_ = false;
  std::optional<std::optional<std::string>> seen_;
  std::uint64_t watch_ = 0;
  std::thread thread_;
};

constexpr int kRounds = 20;

}  // namespace

TEST_P(StoreContract, EachChangeOfANodeIsReportedAgainAndAgain) {
  const auto other = world_->open();
  make(in("a"));
  Calls calls(*store_, in("a"));
  for (int i = 0; i < kRounds; ++i) {
    const int before = calls.count();
    Store& writer = i % 2 == 0 ? *store_ : *other;
    ASSERT_TRUE(writer.put(in("a"), std::to_string(i), Write::kAny).ok());
    ASSERT_TRUE(calls.wait_for_more_than(before)) << "put " << i;
  }
}

TEST_P(StoreContract, ComingAndGoingOfANodeAreReported) {
  Calls calls(*store_, in("a"));
  for (int i = 0; i < kRounds; ++i) {
    int before = calls.count();
    ASSERT_TRUE(store_->create(in("a"), "", Persistence::persistent).ok());
    ASSERT_TRUE(calls.wait_for_more_than(before)) << "create " << i;
    before = calls.count();
    ASSERT_TRUE(store_->remove(in("a"), Write::kAny).ok());
    ASSERT_TRUE(calls.wait_for_more_than(before)) << "remove " << i;
  }
}

TEST_P(StoreContract, ChangesOfTheListOfChildrenAreReported) {
  Calls calls(*store_, folder_);
  for (int i = 0; i < kRounds; ++i) {
    int before = calls.count();
    ASSERT_TRUE(store_->multi({Write::create(in("a"), ""), Write::create(in("b"), "")}).ok());
    ASSERT_TRUE(calls.wait_for_more_than(before)) << "create " << i;
    before = calls.count();
    ASSERT_TRUE(store_->remove(in("b"), Write::kAny).ok());
    ASSERT_TRUE(calls.wait_for_more_than(before)) << "remove " << i;
    ASSERT_TRUE(store_->remove(in("a"), Write::kAny).ok());
  }
}

TEST_P(StoreContract, AnEphemeralThatGoesWithItsSessionIsReported) {
  auto other = world_->open();
  ASSERT_TRUE(other->create(in("a"), "here", Persistence::ephemeral).ok());
  Mirror mirror(*store_, in("a"));
  ASSERT_TRUE(other->put(in("a"), "still here", Write::kAny).ok());
  EXPECT_TRUE(mirror.shows("still here"));
  world_->expire(*other);
  EXPECT_TRUE(mirror.shows(std::nullopt));
}

TEST_P(StoreContract, WhoReadsOnlyWhenCalledSeesTheNewest) {
  const auto other = world_->open();
  make(in("a"), "none");
  Mirror mirror(*other, in("a"));
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(store_->put(in("a"), std::to_string(i), Write::kAny).ok());
  }
  EXPECT_TRUE(mirror.shows("299"));
  ASSERT_TRUE(store_->remove(in("a"), Write::kAny).ok());
  EXPECT_TRUE(mirror.shows(std::nullopt));
  make(in("a"), "again");
  EXPECT_TRUE(mirror.shows("again"));
}

TEST_P(StoreContract, AllWatchersOfAPathAreCalledAndThoseOfOthersAreNot) {
  make(in("a"));
  make(in("b"));
  Calls first(*store_, in("a"));
  Calls second(*store_, in("a"));
  Calls elsewhere(*store_, in("b"));
  for (int i = 0; i < kRounds; ++i) {
    const int of_first = first.count();
    const int of_second = second.count();
    ASSERT_TRUE(store_->put(in("a"), "x", Write::kAny).ok());
    ASSERT_TRUE(first.wait_for_more_than(of_first));
    ASSERT_TRUE(second.wait_for_more_than(of_second));
  }
  EXPECT_LE(elsewhere.count(), 2) << "a hint too many is allowed, at the beginning";
}

TEST_P(StoreContract, EachNewConnectionCallsTheWatchers) {
  const auto other = world_->open();
  make(in("a"), "before");
  Calls calls(*store_, in("a"));
  int before = calls.count();
  ASSERT_TRUE(store_->put(in("a"), "armed", Write::kAny).ok());
  ASSERT_TRUE(calls.wait_for_more_than(before));
  for (int i = 0; i < 3; ++i) {
    world_->cut(*store_);
    before = calls.count();
    world_->mend(*store_);
    ASSERT_TRUE(calls.wait_for_more_than(before)) << "nothing changed, but something might have";
  }
}

TEST_P(StoreContract, WhatChangedDuringACutIsSeenAfterIt) {
  const auto other = world_->open();
  make(in("a"), "before");
  Mirror mirror(*store_, in("a"));
  ASSERT_TRUE(store_->put(in("a"), "seen", Write::kAny).ok());
  ASSERT_TRUE(mirror.shows("seen"));
  world_->cut(*store_);
  ASSERT_TRUE(other->put(in("a"), "meanwhile", Write::kAny).ok());
  world_->mend(*store_);
  EXPECT_TRUE(mirror.shows("meanwhile"));
  ASSERT_TRUE(other->put(in("a"), "later", Write::kAny).ok());
  EXPECT_TRUE(mirror.shows("later"));
}

TEST_P(StoreContract, WatchesOutliveTheSession) {
  const auto other = world_->open();
  make(in("a"), "before");
  Mirror mirror(*other, in("a"));
  ASSERT_TRUE(store_->put(in("a"), "seen", Write::kAny).ok());
  ASSERT_TRUE(mirror.shows("seen"));
  world_->expire(*other);
  ASSERT_TRUE(store_->put(in("a"), "meanwhile", Write::kAny).ok());
  EXPECT_TRUE(mirror.shows("meanwhile"));
  ASSERT_TRUE(store_->put(in("a"), "later", Write::kAny).ok());
  EXPECT_TRUE(mirror.shows("later"));
}

TEST_P(StoreContract, AfterUnwatchNoCallRunsOrBegins) {
  const auto other = world_->open();
  make(in("a"));
  std::atomic<bool> writing{true};
  std::thread writer([&] {
    while (writing) other->put(in("a"), "x", Write::kAny).IgnoreError();
  });
  std::atomic<int> late{0};
  for (int i = 0; i < kRounds; ++i) {
    Happenings happenings;
    int calls = 0;
    std::atomic<bool> gone{false};
    std::atomic<bool> runs{false};
    const std::uint64_t watch = store_->watch(in("a"), [&] {
      runs = true;
      if (gone) ++late;
      happenings.note([&] { ++calls; });
      std::this_thread::yield();
      if (gone) ++late;
      runs = false;
    });
    EXPECT_TRUE(happenings.wait([&] { return calls > 1; }));
    store_->unwatch(watch);
    EXPECT_FALSE(runs);
    gone = true;
    // What would call it late comes no later than what follows.
    Calls follower(*store_, in("a"));
    EXPECT_TRUE(follower.wait_for_more_than(1));
  }
  writing = false;
  writer.join();
  EXPECT_EQ(late, 0);
}

TEST_P(StoreContract, UnwatchWaitsForACallThatRuns) {
  make(in("a"));
  Happenings happenings;
  bool entered = false;
  bool released = false;
  std::atomic<bool> left{false};
  const std::uint64_t watch = store_->watch(in("a"), [&] {
    happenings.note([&] { entered = true; });
    happenings.wait([&] { return released; });
    left = true;
  });
  ASSERT_TRUE(store_->put(in("a"), "x", Write::kAny).ok());
  ASSERT_TRUE(happenings.wait([&] { return entered; }));
  bool left_before_return = false;
  bool asked = false;
  std::thread asker([&] {
    happenings.note([&] { asked = true; });
    store_->unwatch(watch);
    left_before_return = left;
  });
  happenings.wait([&] { return asked; });
  for (int i = 0; i < 1000; ++i)
    std::this_thread::yield();  // an unwatch that does not wait returns
  happenings.note([&] { released = true; });
  asker.join();
  EXPECT_TRUE(left_before_return);
}

TEST_P(StoreContract, AWatcherMayUnwatchItselfAndOthers) {
  make(in("a"));
  Happenings happenings;
  int calls = 0;
  Calls sibling(*store_, in("a"));
  std::atomic<std::uint64_t> own{0};
  own = store_->watch(in("a"), [&] {
    if (own == 0) return;  // called before its number is known
    store_->unwatch(own);
    store_->unwatch(sibling.watch());
    happenings.note([&] { ++calls; });
  });
  EXPECT_TRUE(Happenings::look([&] {
    store_->put(in("a"), "x", Write::kAny).IgnoreError();
    return happenings.read([&] { return calls; }) > 0;
  }));
  const int of_sibling = sibling.count();
  Calls follower(*store_, in("a"));
  for (int i = 0; i < 3; ++i) {
    const int before = follower.count();
    ASSERT_TRUE(store_->put(in("a"), "x", Write::kAny).ok());
    ASSERT_TRUE(follower.wait_for_more_than(before));
  }
  EXPECT_EQ(happenings.read([&] { return calls; }), 1);
  EXPECT_EQ(sibling.count(), of_sibling);
}

TEST_P(StoreContract, ListenersHearEachChangeOfTheConnectionInOrder) {
  Happenings happenings;
  std::vector<Connection> heard;
  const auto client = world_->open();
  client->on_connection(
      [&](Connection connection) { happenings.note([&] { heard.push_back(connection); }); });
  const auto wait_for_connected = [&](std::size_t after) {
    return happenings.wait(
        [&] { return heard.size() > after && heard.back() == Connection::connected; });
  };
  EXPECT_EQ(client->connection(), Connection::connected);
  world_->cut(*client);
  world_->mend(*client);
  ASSERT_TRUE(wait_for_connected(0));
  using testing::ElementsAre;
  EXPECT_THAT(heard, ElementsAre(Connection::suspended, Connection::connected));
  heard.clear();
  world_->cut(*client);
  world_->expire(*client);
  world_->mend(*client);
  ASSERT_TRUE(wait_for_connected(0));
  EXPECT_THAT(heard,
              ElementsAre(Connection::suspended, Connection::expired, Connection::connected));
}

TEST_P(StoreContract, WatchersAndListenersShareOneThread) {
  Happenings happenings;
  std::vector<std::thread::id> threads;
  const auto note = [&] {
    happenings.note([&] { threads.push_back(std::this_thread::get_id()); });
  };
  const auto client = world_->open();
  make(in("a"));
  client->on_connection([&](Connection) { note(); });
  client->watch(in("a"), note);
  client->watch(in("b"), note);
  ASSERT_TRUE(store_->put(in("a"), "x", Write::kAny).ok());
  make(in("b"));
  world_->cut(*client);
  world_->mend(*client);
  ASSERT_TRUE(happenings.wait([&] { return threads.size() >= 4; }));
  happenings.note([&] {
    for (const std::thread::id thread : threads) EXPECT_EQ(thread, threads.front());
    EXPECT_NE(threads.front(), std::this_thread::get_id());
  });
}

}  // namespace rafale::coord
