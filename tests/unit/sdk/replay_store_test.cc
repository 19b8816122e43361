// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Open messages keep their rows, in memory that follows their number.
#include "sdk/src/replay_store.h"

#include <cstdint>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace rafale::detail {
namespace {

using State = ReplayStore::State;

const StreamInfo kStream{"spout", "default", {{"text", FieldType::string}}};

std::string row_of(std::string_view text) {
  std::string row(row::encoded_size(text), '\0');
  row::encode(row.data(), row.size(), text);
  return row;
}

std::uint64_t keep(ReplayStore& store, std::string_view text) {
  return store.keep(kDefaultStream, &kStream, row_of(text));
}

std::string text_of(ReplayStore& store, std::uint64_t number) {
  const auto* entry = store.find(number);
  return entry == nullptr ? "closed" : row::read_value(store.row(*entry).data(), 0).to_json();
}

TEST(ReplayStore, NumbersMessagesFromZeroAndForgetsThemWhenReleased) {
  ReplayStore store;
  EXPECT_EQ(keep(store, "a"), 0u);
  EXPECT_EQ(keep(store, "b"), 1u);
  EXPECT_EQ(store.open(), 2u);
  EXPECT_EQ(text_of(store, 1), "\"b\"");
  EXPECT_TRUE(store.release(1));
  EXPECT_FALSE(store.release(1));
  EXPECT_FALSE(store.release(2));
  EXPECT_EQ(text_of(store, 1), "closed");
  EXPECT_EQ(text_of(store, 0), "\"a\"");
  EXPECT_EQ(store.open(), 1u);
}

TEST(ReplayStore, RemembersTheStreamOfEachMessage) {
  ReplayStore store;
  const StreamInfo late{"spout", "late", {{"text", FieldType::string}}};
  keep(store, "a");
  const auto number = store.keep(StreamId{3}, &late, row_of("b"));
  EXPECT_EQ(store.stream(*store.find(0)), &kStream);
  EXPECT_EQ(store.stream(*store.find(number)), &late);
  EXPECT_EQ(store.find(number)->stream.index, 3);
}

TEST(ReplayStore, TakesWhatIsDueInOrder) {
  ReplayStore store;
  for (int i = 0; i < 4; ++i) keep(store, "x");
  EXPECT_EQ(store.next_due(), std::nullopt);
  EXPECT_TRUE(store.wait_until(2, 50));
  EXPECT_FALSE(store.wait_until(0, 60));
  EXPECT_TRUE(store.wait_until(3, 40));
  EXPECT_FALSE(store.wait_until(1, 50));
  EXPECT_EQ(store.next_due(), 40);
  EXPECT_EQ(store.take_due(39), std::nullopt);
  EXPECT_EQ(store.take_due(50), 3u);
  EXPECT_EQ(store.take_due(50), 1u) << "the lower number first";
  EXPECT_EQ(store.take_due(50), 2u);
  EXPECT_EQ(store.take_due(50), std::nullopt);
  EXPECT_EQ(store.find(1)->state, State::in_flight);
  EXPECT_EQ(store.find(0)->state, State::waiting);
}

TEST(ReplayStore, ForgetsThatAReleasedMessageWasDue) {
  ReplayStore store;
  for (int i = 0; i < 3; ++i) keep(store, "x");
  store.wait_until(0, 10);
  store.wait_until(1, 20);
  store.wait_until(2, 30);
  store.release(1);
  store.release(0);
  EXPECT_EQ(store.next_due(), 30);
  store.release(2);
  EXPECT_EQ(store.next_due(), std::nullopt);
  EXPECT_FALSE(store.wait_until(2, 10)) << "closed";
  EXPECT_EQ(store.next_due(), std::nullopt);
}

TEST(ReplayStore, GrowsWithTheOpenMessages) {
  ReplayStore store;
  for (int i = 0; i < 10'000; ++i) keep(store, std::to_string(i));
  EXPECT_EQ(store.open(), 10'000u);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(text_of(store, i), "\"" + std::to_string(i) + "\"");
  }
  EXPECT_EQ(store.ring_size(), 16'384u);
}

TEST(ReplayStore, ReusesItsMemoryInSteadyState) {
  ReplayStore store;
  const std::string text(100, 'x');
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    keep(store, text);
    if (i >= 1000) store.release(i - 1000);
  }
  EXPECT_EQ(store.open(), 1000u);
  EXPECT_LE(store.reserved(), 5u * 64 * 1024);
  EXPECT_LE(store.ring_size(), 2048u);
}

TEST(ReplayStore, IsNotHeldUpByStragglers) {
  ReplayStore store;
  const std::string text(1000, 'x');
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    keep(store, i % 1000 == 0 ? "straggler " + std::to_string(i) : text);
    if (i % 1000 != 0) store.release(i);
  }
  EXPECT_EQ(store.open(), 100u);
  EXPECT_EQ(store.ring_size(), 1024u);
  EXPECT_LE(store.reserved(), 2u << 20) << "of 100 MB that passed";
  for (std::uint64_t i = 0; i < 100'000; i += 1000) {
    ASSERT_EQ(text_of(store, i), "\"straggler " + std::to_string(i) + "\"");
    ASSERT_TRUE(store.release(i));
  }
  EXPECT_EQ(store.open(), 0u);
}

TEST(ReplayStore, KeepsRowsThatAreLargerThanAChunk) {
  ReplayStore store;
  const std::string large(300'000, 'y');
  keep(store, "small");
  keep(store, large);
  keep(store, "small too");
  EXPECT_EQ(text_of(store, 1), "\"" + large + "\"");
  EXPECT_GE(store.reserved(), 300'000u);
  store.release(1);
  EXPECT_LE(store.reserved(), 64u * 1024);
  EXPECT_EQ(text_of(store, 2), "\"small too\"");
}

// Against a plain map, with sizes, orders and waits by chance.
TEST(ReplayStore, BehavesLikeAMap) {
  common::Random random(support::seed());
  ReplayStore store;
  std::map<std::uint64_t, std::string> model;
  std::map<std::uint64_t, std::int64_t> dues;
  std::int64_t now = 0;
  double chance_to_keep = 0.6;
  for (int step = 0; step < 40'000; ++step) {
    if (step % 5000 == 0) chance_to_keep = model.size() > 3000 ? 0.3 : 0.3 + random.unit() * 0.4;
    if (random.chance(chance_to_keep)) {
      const std::size_t size = random.chance(0.001) ? 100'000 : random.below(400);
      const std::string text(size, static_cast<char>('a' + random.below(26)));
      model.emplace(keep(store, text), "\"" + text + "\"");
    } else if (!model.empty()) {
      // Mostly the oldest, sometimes any.
      auto at = random.chance(0.7) ? model.begin()
                                   : model.lower_bound(random.below(model.rbegin()->first + 1));
      ASSERT_EQ(text_of(store, at->first), at->second);
      if (store.find(at->first)->state == State::in_flight && random.chance(0.3)) {
        dues[at->first] = now + static_cast<std::int64_t>(random.below(50));
        store.wait_until(at->first, dues[at->first]);
      } else {
        ASSERT_TRUE(store.release(at->first));
        dues.erase(at->first);
        model.erase(at);
      }
    }
    if (step % 20 == 0) {
      ++now;
      while (const auto number = store.take_due(now)) {
        ASSERT_LE(dues.at(*number), now);
        dues.erase(*number);
      }
      for (const auto& [number, due] : dues) ASSERT_GT(due, now) << number;
    }
    ASSERT_EQ(store.open(), model.size());
  }
  for (const auto& [number, text] : model) ASSERT_EQ(text_of(store, number), text);
}

}  // namespace
}  // namespace rafale::detail
