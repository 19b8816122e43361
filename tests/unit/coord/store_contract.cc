// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Nodes, versions, multis, ephemerals, sessions: what every store promises.

#include "tests/unit/coord/store_contract.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include <gmock/gmock.h>

#include "common/clock.h"
#include "coord/paths.h"

namespace rafale::coord {

using testing::UnorderedElementsAre;

constexpr auto kPersistent = Persistence::persistent;
constexpr auto kEphemeral = Persistence::ephemeral;

void StoreContract::SetUp() {
  world_ = GetParam().make();
  if (world_ == nullptr) return;  // skipped
  store_ = world_->open();
  make(folder_);
}

void StoreContract::make(const std::string& path, const std::string& data) {
  const absl::Status made = store_->create(path, data, kPersistent);
  ASSERT_TRUE(made.ok()) << made;
}

// --- nodes

TEST_P(StoreContract, ANodeIsThereFromCreateToRemove) {
  ASSERT_TRUE(store_->create(in("a"), "data", kPersistent).ok());
  const auto node = store_->get(in("a"));
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->data, "data");
  EXPECT_EQ(node->version, 0);
  EXPECT_GT(node->created, 0);
  EXPECT_EQ(node->ephemeral_owner, 0);
  ASSERT_TRUE(store_->remove(in("a"), Write::kAny).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->get(in("a")).status()));
}

TEST_P(StoreContract, DataIsAnyBytesUpTo64KiB) {
  std::string all(kMostData, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i * 7);
  for (const std::string& data : {std::string(), std::string(3, '\0'), all}) {
    ASSERT_TRUE(store_->create(in("a"), data, kPersistent).ok());
    EXPECT_EQ(store_->get(in("a"))->data, data);
    ASSERT_TRUE(store_->put(in("a"), "x", Write::kAny).ok());
    ASSERT_TRUE(store_->put(in("a"), data, Write::kAny).ok());
    EXPECT_EQ(store_->get(in("a"))->data, data);
    ASSERT_TRUE(store_->remove(in("a"), Write::kAny).ok());
  }
}

TEST_P(StoreContract, DataAbove64KiBIsRefusedAndNothingOfItsMultiIsDone) {
  const std::string large(kMostData + 1, 'x');
  make(in("a"), "small");
  EXPECT_TRUE(absl::IsResourceExhausted(store_->create(in("b"), large, kPersistent)));
  EXPECT_TRUE(absl::IsResourceExhausted(store_->put(in("a"), large, Write::kAny).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(
      store_->multi({Write::create(in("c"), ""), Write::put(in("a"), large)})));
  EXPECT_EQ(store_->get(in("a"))->data, "small");
  EXPECT_THAT(*store_->children(folder_), UnorderedElementsAre("a"));
}

TEST_P(StoreContract, EachPutRaisesTheVersionByOneAndReturnsIt) {
  make(in("a"));
  for (std::int32_t version = 0; version < 5; ++version) {
    const auto put = store_->put(in("a"), "x", version % 2 == 0 ? version : Write::kAny);
    ASSERT_TRUE(put.ok()) << put.status();
    EXPECT_EQ(*put, version + 1);
    EXPECT_EQ(store_->get(in("a"))->version, version + 1);
  }
}

TEST_P(StoreContract, AWriteOverAnotherVersionIsAbortedAndChangesNothing) {
  make(in("a"), "first");
  ASSERT_TRUE(store_->put(in("a"), "second", 0).ok());
  EXPECT_TRUE(absl::IsAborted(store_->put(in("a"), "third", 0).status()));
  EXPECT_TRUE(absl::IsAborted(store_->put(in("a"), "third", 2).status()));
  EXPECT_TRUE(absl::IsAborted(store_->remove(in("a"), 0)));
  EXPECT_EQ(store_->get(in("a"))->data, "second");
  EXPECT_EQ(store_->get(in("a"))->version, 1);
  EXPECT_TRUE(store_->remove(in("a"), 1).ok());
}

TEST_P(StoreContract, WhatIsNotThereIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(store_->get(in("a")).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->children(in("a")).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->put(in("a"), "", Write::kAny).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->remove(in("a"), Write::kAny)));
  EXPECT_TRUE(absl::IsNotFound(store_->create(in("a/b"), "", kPersistent))) << "no parent";
  EXPECT_TRUE(absl::IsNotFound(store_->multi({Write::check(in("a"))})));
}

TEST_P(StoreContract, ANodeIsCreatedOnce) {
  make(in("a"), "first");
  EXPECT_TRUE(absl::IsAlreadyExists(store_->create(in("a"), "second", kPersistent)));
  EXPECT_TRUE(absl::IsAlreadyExists(store_->create(in("a"), "second", kEphemeral)));
  EXPECT_EQ(store_->get(in("a"))->data, "first");
}

TEST_P(StoreContract, ANodeWithChildrenIsNotRemoved) {
  make(in("a"));
  make(in("a/b"));
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->remove(in("a"), Write::kAny)));
  EXPECT_TRUE(store_->get(in("a/b")).ok());
  ASSERT_TRUE(store_->remove(in("a/b"), Write::kAny).ok());
  EXPECT_TRUE(store_->remove(in("a"), Write::kAny).ok());
}

TEST_P(StoreContract, AnEphemeralHasNoChildren) {
  ASSERT_TRUE(store_->create(in("a"), "", kEphemeral).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->create(in("a/b"), "", kPersistent)));
  EXPECT_TRUE(store_->remove(in("a"), Write::kAny).ok());
}

TEST_P(StoreContract, ChildrenAreTheNamesOfTheNextLevel) {
  for (const char* name : {"a", "a/1", "a/1/x", "a/2", "ab", "a-b"}) make(in(name));
  EXPECT_THAT(*store_->children(in("a")), UnorderedElementsAre("1", "2"));
  EXPECT_THAT(*store_->children(folder_), UnorderedElementsAre("a", "ab", "a-b"));
  EXPECT_THAT(*store_->children(in("ab")), UnorderedElementsAre());
}

TEST_P(StoreContract, NumbersOfCreationRiseOverAllNodesEverCreated) {
  const auto other = world_->open();
  std::int64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    Store& creator = i % 2 == 0 ? *store_ : *other;
    ASSERT_TRUE(creator.create(in("a"), "", kPersistent).ok());
    ASSERT_TRUE(other->sync(in("a")).ok());
    const std::int64_t created = creator.get(in("a"))->created;
    EXPECT_GT(created, last);
    last = created;
    ASSERT_TRUE(creator.put(in("a"), "x", Write::kAny).ok());
    EXPECT_EQ(creator.get(in("a"))->created, created) << "a put creates nothing";
    ASSERT_TRUE(creator.remove(in("a"), Write::kAny).ok());
  }
}

// --- multis

TEST_P(StoreContract, NodesOfOneMultiShareTheirNumberOfCreation) {
  ASSERT_TRUE(store_->multi({Write::create(in("a"), ""), Write::create(in("b"), "")}).ok());
  make(in("c"));
  EXPECT_EQ(store_->get(in("a"))->created, store_->get(in("b"))->created);
  EXPECT_GT(store_->get(in("c"))->created, store_->get(in("b"))->created);
}

TEST_P(StoreContract, AMultiHappensWhollyOrNotAtAllAndSaysWhatFailed) {
  make(in("a"), "a");
  make(in("full"));
  make(in("full/child"));
  const auto attempt = [this](Write failing) {
    return store_->multi({Write::put(in("a"), "changed"), Write::create(in("new"), ""),
                          std::move(failing), Write::remove(in("full/child"))});
  };
  EXPECT_TRUE(absl::IsAlreadyExists(attempt(Write::create(in("a"), ""))));
  EXPECT_TRUE(absl::IsNotFound(attempt(Write::create(in("none/x"), ""))));
  EXPECT_TRUE(absl::IsNotFound(attempt(Write::put(in("none"), ""))));
  EXPECT_TRUE(absl::IsNotFound(attempt(Write::remove(in("none")))));
  EXPECT_TRUE(absl::IsNotFound(attempt(Write::check(in("none")))));
  EXPECT_TRUE(absl::IsAborted(attempt(Write::put(in("full"), "", 7))));
  EXPECT_TRUE(absl::IsAborted(attempt(Write::remove(in("full/child"), 7))));
  EXPECT_TRUE(absl::IsAborted(attempt(Write::check(in("full"), 7))));
  EXPECT_TRUE(absl::IsFailedPrecondition(attempt(Write::remove(in("full")))));
  EXPECT_EQ(store_->get(in("a"))->version, 0);
  EXPECT_EQ(store_->get(in("a"))->data, "a");
  EXPECT_TRUE(absl::IsNotFound(store_->get(in("new")).status()));
  EXPECT_TRUE(store_->get(in("full/child")).ok());
  const absl::Status whole = attempt(Write::check(in("full"), 0));
  EXPECT_TRUE(whole.ok()) << whole;
  EXPECT_EQ(store_->get(in("a"))->data, "changed");
  EXPECT_TRUE(store_->get(in("new")).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->get(in("full/child")).status()));
}

TEST_P(StoreContract, TheFirstThatFailsInAMultiNamesItsError) {
  make(in("a"));
  EXPECT_TRUE(absl::IsNotFound(store_->multi(
      {Write::check(in("none")), Write::create(in("a"), ""), Write::put(in("a"), "", 9)})));
  EXPECT_TRUE(absl::IsAborted(store_->multi(
      {Write::put(in("a"), "", 9), Write::check(in("none")), Write::create(in("a"), "")})));
}

TEST_P(StoreContract, AMultiSeesItsOwnWrites) {
  const absl::Status done = store_->multi(
      {Write::create(in("a"), ""), Write::create(in("a/b"), "1"), Write::put(in("a/b"), "2", 0),
       Write::check(in("a/b"), 1), Write::put(in("a/b"), "3", 1), Write::create(in("c"), ""),
       Write::remove(in("c"))});
  ASSERT_TRUE(done.ok()) << done;
  EXPECT_EQ(store_->get(in("a/b"))->data, "3");
  EXPECT_EQ(store_->get(in("a/b"))->version, 2);
  EXPECT_THAT(*store_->children(folder_), UnorderedElementsAre("a"));
}

TEST_P(StoreContract, AMultiThatChecksAnEphemeralFailsOnceItsOwnerIsGone) {
  make(in("a"), "before");
  auto leader = world_->open();
  ASSERT_TRUE(leader->create(in("token"), "", kEphemeral).ok());
  ASSERT_TRUE(leader->multi({Write::check(in("token")), Write::put(in("a"), "led")}).ok());
  world_->expire(*leader);
  EXPECT_TRUE(absl::IsNotFound(
      leader->multi({Write::check(in("token")), Write::put(in("a"), "led no more")})));
  EXPECT_EQ(store_->get(in("a"))->data, "led");
}

// --- several clients and threads

TEST_P(StoreContract, AfterSyncAClientSeesWhatOthersWroteBefore) {
  const auto other = world_->open();
  for (int i = 0; i < 20; ++i) {
    const std::string data = std::to_string(i);
    if (i == 0) {
      make(in("a"), data);
    } else {
      ASSERT_TRUE(store_->put(in("a"), data, Write::kAny).ok());
    }
    const absl::Status synced = other->sync(in("a"));
    ASSERT_TRUE(synced.ok()) << synced;
    ASSERT_EQ(other->get(in("a"))->data, data);
  }
}

TEST_P(StoreContract, ManyThreadsCallAtOnceAndEachPutHasAVersionOfItsOwn) {
  constexpr int kThreads = 4;
  constexpr int kPuts = 300;
  make(in("a"));
  std::vector<std::vector<std::int32_t>> versions(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, &mine = versions[i]] {
      for (int put = 0; put < kPuts; ++put) {
        mine.push_back(store_->put(in("a"), "x", Write::kAny).value_or(-1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::int32_t> all;
  for (const auto& mine : versions) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), std::size_t{kThreads} * kPuts);
  EXPECT_EQ(*all.begin(), 1);
  EXPECT_EQ(store_->get(in("a"))->version, kThreads * kPuts);
}

// --- ephemerals and sessions

TEST_P(StoreContract, AnEphemeralBelongsToTheSessionThatMadeIt) {
  const auto other = world_->open();
  EXPECT_NE(store_->session(), 0);
  EXPECT_NE(store_->session(), other->session());
  ASSERT_TRUE(store_->create(in("a"), "", kEphemeral).ok());
  ASSERT_TRUE(other->multi({Write::create(in("b"), "", kEphemeral)}).ok());
  EXPECT_EQ(store_->get(in("a"))->ephemeral_owner, store_->session());
  EXPECT_EQ(store_->get(in("b"))->ephemeral_owner, other->session());
  ASSERT_TRUE(other->put(in("a"), "x", Write::kAny).ok());
  EXPECT_EQ(store_->get(in("a"))->ephemeral_owner, store_->session());
  EXPECT_TRUE(other->remove(in("a"), Write::kAny).ok()) << "anybody may remove it";
}

TEST_P(StoreContract, EphemeralsGoWithTheirClient) {
  auto other = world_->open();
  ASSERT_TRUE(other->create(in("a"), "", kEphemeral).ok());
  ASSERT_TRUE(other->create(in("b"), "", kPersistent).ok());
  EXPECT_TRUE(store_->get(in("a")).ok());
  other.reset();
  EXPECT_TRUE(Happenings::look([&] { return absl::IsNotFound(store_->get(in("a")).status()); }));
  EXPECT_TRUE(store_->get(in("b")).ok());
}

TEST_P(StoreContract, ASessionOutlivesACut) {
  const auto other = world_->open();
  const std::int64_t session = store_->session();
  ASSERT_TRUE(store_->create(in("a"), "", kEphemeral).ok());
  world_->cut(*store_);
  EXPECT_EQ(store_->connection(), Connection::suspended);
  EXPECT_EQ(store_->session(), session) << "it lives on, as far as we know";
  EXPECT_TRUE(other->get(in("a")).ok());
  world_->mend(*store_);
  ASSERT_TRUE(Happenings::look([&] { return store_->connection() == Connection::connected; }));
  EXPECT_EQ(store_->session(), session);
  EXPECT_EQ(store_->get(in("a"))->ephemeral_owner, session);
}

TEST_P(StoreContract, WithoutConnectionNothingIsSent) {
  const auto other = world_->open();
  make(in("a"), "before");
  world_->cut(*store_);
  EXPECT_TRUE(absl::IsUnavailable(store_->get(in("a")).status()));
  EXPECT_TRUE(absl::IsUnavailable(store_->children(in("a")).status()));
  EXPECT_TRUE(absl::IsUnavailable(store_->create(in("b"), "", kPersistent)));
  EXPECT_TRUE(absl::IsUnavailable(store_->put(in("a"), "after", Write::kAny).status()));
  EXPECT_TRUE(absl::IsUnavailable(store_->remove(in("a"), Write::kAny)));
  EXPECT_TRUE(absl::IsUnavailable(store_->multi({Write::put(in("a"), "after")})));
  EXPECT_TRUE(absl::IsUnavailable(store_->sync(in("a"))));
  world_->mend(*store_);
  ASSERT_TRUE(Happenings::look([&] { return store_->connection() == Connection::connected; }));
  EXPECT_EQ(store_->get(in("a"))->data, "before");
  EXPECT_THAT(*other->children(folder_), UnorderedElementsAre("a"));
}

TEST_P(StoreContract, AWriteWhoseAnswerIsLostIsUnknownAndMayHaveHappened) {
  const auto other = world_->open();
  make(in("a"), "before");
  world_->lose_next_answer(*store_);
  const absl::Status put = store_->put(in("a"), "after", 0).status();
  EXPECT_TRUE(absl::IsUnknown(put)) << put;
  EXPECT_TRUE(Happenings::look([&] { return other->get(in("a"))->data == "after"; }));
  ASSERT_TRUE(Happenings::look([&] { return store_->get(in("a")).ok(); })) << "connected again";
  EXPECT_TRUE(absl::IsAborted(store_->put(in("a"), "after", 0).status())) << "a repetition";
  world_->lose_next_answer(*store_);
  const absl::Status multi = store_->multi({Write::create(in("guid"), "")});
  EXPECT_TRUE(absl::IsUnknown(multi)) << multi;
  EXPECT_TRUE(Happenings::look([&] { return other->get(in("guid")).ok(); }));
  ASSERT_TRUE(Happenings::look([&] { return store_->get(in("guid")).ok(); }));
}

TEST_P(StoreContract, AnExpiredSessionLosesItsEphemeralsAndANewOneFollowsByItself) {
  for (const bool cut_off : {false, true}) {
    const auto client = world_->open();
    const std::int64_t session = client->session();
    ASSERT_TRUE(client->create(in("a"), "", kEphemeral).ok());
    if (cut_off) world_->cut(*client);
    world_->expire(*client);
    EXPECT_TRUE(Happenings::look([&] { return absl::IsNotFound(store_->get(in("a")).status()); }));
    if (cut_off) world_->mend(*client);
    ASSERT_TRUE(Happenings::look([&] {
      return client->connection() == Connection::connected && client->session() != session;
    }));
    EXPECT_NE(client->session(), 0);
    ASSERT_TRUE(client->create(in("a"), "", kEphemeral).ok());
    EXPECT_EQ(store_->get(in("a"))->ephemeral_owner, client->session());
  }
}

TEST_P(StoreContract, AnAnswerRenewsTheLease) {
  const common::SystemClock clock;
  const std::int64_t before = clock.now_ns();
  ASSERT_TRUE(store_->get(folder_).ok());
  EXPECT_GE(store_->lease_until_ns(), before);
}

TEST_P(StoreContract, TheLeaseIsOverWhenOthersSeeTheSessionEnd) {
  const common::SystemClock clock;
  const auto client = world_->open_short_lived();
  ASSERT_TRUE(client->create(in("a"), "", kEphemeral).ok());
  world_->silence(*client);
  ASSERT_TRUE(Happenings::look([&] { return absl::IsNotFound(store_->get(in("a")).status()); }));
  EXPECT_LE(client->lease_until_ns(), clock.now_ns());
}

}  // namespace rafale::coord
