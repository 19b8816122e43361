// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How groupings share out rows.
#include "worker/routing/grouper.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rafale/hash.h"
#include "rafale/row.h"

namespace rafale::worker {
namespace {

const Schema& schema() {
  static const Schema schema{
      {"contract", FieldType::string}, {"number", FieldType::int64}, {"bikes", FieldType::int64}};
  return schema;
}

std::string row_of(const std::string& contract, std::int64_t number, std::int64_t bikes) {
  std::string row(row::encoded_size(contract, number, bikes), '\0');
  row::encode(row.data(), row.size(), contract, number, bikes);
  return row;
}

std::unique_ptr<Grouper> make(Grouping::Kind kind, std::uint32_t tasks, std::uint64_t seed = 0,
                              std::vector<std::uint32_t> local = {},
                              std::vector<std::string> fields = {}) {
  return make_grouper(
      {.kind = kind, .fields = std::move(fields)},
      {.schema = &schema(), .tasks = tasks, .local = std::move(local), .seed = seed});
}

std::vector<int> shares(Grouper& grouper, std::uint32_t tasks, int rows) {
  std::vector<int> counts(tasks, 0);
  const std::string row = row_of("lyon", 1, 2);
  for (int i = 0; i < rows; ++i) {
    ++counts.at(grouper.choose(row.data()));
  }
  return counts;
}

TEST(Shuffle, GivesEveryTaskTheSameShare) {
  for (const std::uint32_t tasks : {1u, 2u, 3u, 7u, 64u}) {
    const auto grouper = make(Grouping::Kind::shuffle, tasks, 12345);
    const auto counts = shares(*grouper, tasks, 1000);
    const auto [least, most] = std::ranges::minmax(counts);
    EXPECT_LE(most - least, 1) << tasks << " tasks";
  }
}

// Else the first task of a bolt gets the first tuple of every spout.
TEST(Shuffle, BeginsWhereItsSeedSays) {
  std::set<std::uint32_t> first;
  const std::string row = row_of("lyon", 1, 2);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    first.insert(make(Grouping::Kind::shuffle, 5, seed)->choose(row.data()));
  }
  EXPECT_EQ(first.size(), 5u);
}

TEST(FieldsGrouping, SendsEqualValuesToOneTask) {
  const auto a = make(Grouping::Kind::fields, 8, 1, {}, {"contract", "number"});
  const auto b = make(Grouping::Kind::fields, 8, 2, {}, {"contract", "number"});
  std::set<std::uint32_t> used;
  for (std::int64_t number = 0; number < 200; ++number) {
    const std::string row = row_of("lyon", number, number);
    const std::uint32_t chosen = a->choose(row.data());
    ASSERT_LT(chosen, 8u);
    used.insert(chosen);
    EXPECT_EQ(a->choose(row_of("lyon", number, -1).data()), chosen) << "other fields do not count";
    EXPECT_EQ(b->choose(row.data()), chosen) << "nor does the emitting task";
  }
  EXPECT_EQ(used.size(), 8u);
}

TEST(FieldsGrouping, SpreadsKeysEvenly) {
  constexpr int kKeys = 80'000;
  const auto grouper = make(Grouping::Kind::fields, 8, 0, {}, {"number"});
  std::vector<int> counts(8, 0);
  for (std::int64_t number = 0; number < kKeys; ++number) {
    ++counts[grouper->choose(row_of("x", number, 0).data())];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, kKeys / 8, kKeys / 8 / 10);
  }
}

// Where a key goes is part of the contract: state on disk may depend on it.
TEST(FieldsGrouping, GoesByTheDocumentedHash) {
  const auto grouper = make(Grouping::Kind::fields, 100, 9, {}, {"number", "contract"});
  const std::string row = row_of("mexico", 44, 0);
  std::uint64_t hash = hash_word(kHashSeed, FieldType::int64, 44);
  hash = hash_bytes(hash, FieldType::string, "mexico");
  EXPECT_EQ(grouper->choose(row.data()), fastrange(hash, 100));
}

TEST(FieldsGrouping, TakesANullForAValueOfItsOwn) {
  const auto grouper = make(Grouping::Kind::fields, 1000, 0, {}, {"contract"});
  std::string row(row::encoded_size(nullptr, std::int64_t{1}, std::int64_t{2}), '\0');
  row::encode(row.data(), row.size(), nullptr, std::int64_t{1}, std::int64_t{2});
  EXPECT_EQ(grouper->choose(row.data()), grouper->choose(row.data()));
  EXPECT_NE(grouper->choose(row.data()), grouper->choose(row_of("", 1, 2).data()));
}

TEST(GlobalGrouping, ChoosesTheFirstTask) {
  const auto grouper = make(Grouping::Kind::global, 5, 3);
  EXPECT_EQ(shares(*grouper, 5, 10), (std::vector{10, 0, 0, 0, 0}));
}

TEST(AllGrouping, ChoosesEveryTask) {
  const auto grouper = make(Grouping::Kind::all, 5);
  EXPECT_EQ(grouper->choose(row_of("lyon", 1, 2).data()), Grouper::kAll);
}

TEST(DirectGrouping, LeavesTheChoiceToTheEmitter) {
  EXPECT_EQ(make(Grouping::Kind::direct, 5), nullptr);
}

TEST(LocalOrShuffle, StaysInTheProcessIfItCan) {
  const auto grouper = make(Grouping::Kind::local_or_shuffle, 6, 4, {1, 4});
  EXPECT_EQ(shares(*grouper, 6, 10), (std::vector{0, 5, 0, 0, 5, 0}));
}

TEST(LocalOrShuffle, ShufflesAmongAllIfNoneIsNear) {
  const auto grouper = make(Grouping::Kind::local_or_shuffle, 5, 4);
  EXPECT_EQ(shares(*grouper, 5, 10), (std::vector{2, 2, 2, 2, 2}));
}

}  // namespace
}  // namespace rafale::worker
