// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The queue from many threads to one, and the stack back.
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "worker/batch/mpsc_queue.h"
#include "worker/batch/recycler.h"

namespace rafale::worker {
namespace {

struct Item : MpscNode {
  int from = 0;
  int number = 0;
};

TEST(MpscQueue, GivesItemsInTheOrderOfTheirPushes) {
  MpscQueue<Item> queue;
  std::vector<Item> items(5);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pop(), nullptr);
  queue.push(&items[0]);
  queue.push(&items[1]);
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(queue.pop(), &items[0]);
  queue.push(&items[2]);
  EXPECT_EQ(queue.pop(), &items[1]);
  EXPECT_EQ(queue.pop(), &items[2]);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(MpscQueue, TakesAnItemAgainOnceItIsOut) {
  MpscQueue<Item> queue;
  Item item;
  for (int i = 0; i < 10; ++i) {
    queue.push(&item);
    EXPECT_EQ(queue.pop(), &item);
    EXPECT_TRUE(queue.empty());
  }
}

// Some producers push, one thread pops until it has all; nothing is lost, doubled or out of order.
TEST(MpscQueue, PassesEverythingOnFromManyThreads) {
  constexpr int kProducers = 4;
  constexpr int kEach = 20'000;
  MpscQueue<Item> queue;
  std::vector<std::vector<Item>> items(kProducers);
  for (auto& of_one : items) {
    of_one = std::vector<Item>(kEach);
  }
  std::atomic<int> ready{0};
  std::vector<std::thread> producers;
  producers.reserve(kProducers);
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      ready.fetch_add(1);
      while (ready.load() < kProducers) {
        std::this_thread::yield();
      }
      for (int i = 0; i < kEach; ++i) {
        Item& item = items[static_cast<std::size_t>(p)][static_cast<std::size_t>(i)];
        item.from = p;
        item.number = i;
        queue.push(&item);
      }
    });
  }
  std::vector<int> next(kProducers, 0);
  int taken = 0;
  bool ordered = true;
  while (taken < kProducers * kEach) {
    if (const Item* item = queue.pop()) {
      ordered &= item->number == next[static_cast<std::size_t>(item->from)]++;
      ++taken;
    } else {
      std::this_thread::yield();
    }
  }
  for (std::thread& producer : producers) {
    producer.join();
  }
  EXPECT_TRUE(ordered);
  EXPECT_TRUE(queue.empty());
}

TEST(Recycler, GivesBackWhatItGot) {
  Recycler<Item> recycler;
  EXPECT_EQ(recycler.take(), nullptr);
  auto* a = new Item;
  auto* b = new Item;
  recycler.give_back(a);
  recycler.give_back(b);
  std::set<Item*> taken{recycler.take()};
  recycler.give_back(new Item);  // stays, and is freed with it
  taken.insert(recycler.take());
  EXPECT_EQ(taken, (std::set{a, b}));
  delete a;
  delete b;
}

TEST(Recycler, TakesItemsBackFromManyThreads) {
  constexpr int kThreads = 3;
  constexpr int kRounds = 20'000;
  Recycler<Item> recycler;
  MpscQueue<Item> to_other[kThreads];
  std::atomic<bool> stop{false};
  std::atomic<int> returned{0};
  std::vector<std::thread> users;
  users.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    users.emplace_back([&, t] {
      while (!stop.load()) {
        if (Item* item = to_other[t].pop()) {
          item->number = t;
          recycler.give_back(item);
          returned.fetch_add(1);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  int made = 0;
  for (int i = 0; i < kRounds; ++i) {
    Item* item = recycler.take();
    if (item == nullptr) {
      item = new Item;
      ++made;
    }
    item->from = i;
    to_other[i % kThreads].push(item);
  }
  while (returned.load() < kRounds) {
    std::this_thread::yield();
  }
  stop = true;
  for (std::thread& user : users) {
    user.join();
  }
  int freed = 0;
  while (Item* item = recycler.take()) {
    delete item;
    ++freed;
  }
  EXPECT_EQ(freed, made);
}

}  // namespace
}  // namespace rafale::worker
