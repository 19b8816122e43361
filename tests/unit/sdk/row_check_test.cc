// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// No bytes whatever harm the check of untrusted rows, and it lets only true rows through.
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rafale/row.h"
#include "tests/support/seed.h"
#include "tests/unit/sdk/rows.h"

namespace rafale {
namespace {

using support::decode;
using support::encode;

// Checks a copy that has exactly its size, so that the address sanitizer sees every byte beyond it.
std::string check(const std::string& bytes) {
  const auto exact = std::make_unique_for_overwrite<char[]>(bytes.size());
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  const char* wrong = row::check({exact.get(), bytes.size()});
  return wrong == nullptr ? "" : wrong;
}

template <class T>
std::string with(std::string row, std::size_t at, T value) {
  row::store(row.data() + at, value);
  return row;
}

// A nested row around variable bytes, whose length counts what follows the slots.
std::string wrap_in_list(const std::string& inner) {
  std::string list(8 + 9, '\0');
  row::store(list.data(), static_cast<std::uint32_t>(list.size() + inner.size()));
  row::store(list.data() + 4, std::uint32_t{1});
  list[8] = static_cast<char>(FieldType::list);
  row::store(list.data() + 9, std::uint32_t{17});
  row::store(list.data() + 13, static_cast<std::uint32_t>(inner.size()));
  return list + inner;
}

std::string row_with_list(const std::string& list) {
  std::string row = encode({Value(List{})});
  row.resize(16);
  row::store(row.data(), static_cast<std::uint32_t>(16 + list.size()));
  row::store(row.data() + 12, static_cast<std::uint32_t>(list.size()));
  return row + list;
}

std::string empty_list() { return encode({Value(List{})}).substr(16); }

TEST(RowCheck, NamesWhatIsWrong) {
  const std::string row = encode({"gust", 1, true, nullptr});
  EXPECT_EQ(check(row), "");
  EXPECT_EQ(check(""), "shorter than a row's header");
  EXPECT_EQ(check(row.substr(0, 7)), "shorter than a row's header");
  EXPECT_EQ(check(row.substr(0, row.size() - 1)), "the row's length is wrong");
  EXPECT_EQ(check(row + "x"), "the row's length is wrong");
  EXPECT_EQ(check(with(row, 4, std::uint8_t{255})), "more than 254 fields");
  EXPECT_EQ(check(with(row, 4, std::uint8_t{254})), "the fields reach beyond the row");
  EXPECT_EQ(check(with(row, 5, std::uint8_t{1})), "unknown flags");
  EXPECT_EQ(check(with(row, 6, std::uint8_t{0x29})), "unknown type tag");
  EXPECT_EQ(check(with(row, 8, std::uint32_t{39})), "a field's offset is wrong");
  EXPECT_EQ(check(with(row, 8, ~std::uint32_t{0})), "a field's offset is wrong");
  EXPECT_EQ(check(with(row, 12, std::uint32_t{5})), "a field reaches beyond the row");
  EXPECT_EQ(check(with(row, 12, ~std::uint32_t{0})), "a field reaches beyond the row");
  EXPECT_EQ(check(with(row, 12, std::uint32_t{3})), "bytes that belong to no field");
  EXPECT_EQ(check(with(row, 24, std::uint64_t{2})), "a bool is neither 0 nor 1");
  EXPECT_EQ(check(with(row, 32, std::uint64_t{1})), "a null's slot is not zero");
}

TEST(RowCheck, RefusesTagsOfFieldsThatDoNotExist) {
  EXPECT_EQ(check(with(encode({1, 2, 3}), 7, std::uint8_t{0x12})), "a type tag without a field");
  EXPECT_EQ(check(with(encode({1, 2, 3, 4, 5}), 8, std::uint64_t{0x12})),
            "a type tag without a field");
  EXPECT_EQ(check(with(encode({1, 2, 3, 4, 5}), 8, std::uint64_t{0x2})), "");
}

TEST(RowCheck, RefusesBadLists) {
  const std::string row = encode({Value(List{1, "a"})});  // the list begins at 16
  EXPECT_EQ(check(with(row, 12, std::uint32_t{0})), "a list or map is shorter than its header");
  EXPECT_EQ(check(with(row, 16, std::uint32_t{0})), "the length of a list or map is wrong");
  EXPECT_EQ(check(with(row, 20, ~std::uint32_t{0})), "a list or map has more elements than bytes");
  EXPECT_EQ(check(with(row, 24, std::uint8_t{8})), "unknown type tag in a list or map");
  EXPECT_EQ(check(with(row, 20, std::uint32_t{1})), "bytes that belong to no field");
  EXPECT_EQ(check(with(row, 34, std::uint32_t{0})), "a field's offset is wrong");
}

TEST(RowCheck, RefusesBadMaps) {
  const std::string row = encode({Map{{"a", 1}, {"b", 2}}});  // elements from 24, keys from 60
  EXPECT_EQ(check(with(row, 20, std::uint32_t{3})), "a map has a key without a value");
  EXPECT_EQ(check(with(row, 24, std::uint8_t{5})), "a map's key is no string");
  EXPECT_EQ(check(with(row, 60, 'b')), "a map's keys do not ascend");
  EXPECT_EQ(check(with(row, 60, 'c')), "a map's keys do not ascend");
  EXPECT_EQ(check(with(row, 61, '\xff')), "");
}

TEST(RowCheck, AcceptsNesting32DeepAndNoDeeper) {
  std::string list = empty_list();
  for (int depth = 1; depth < 32; ++depth) list = wrap_in_list(list);
  EXPECT_EQ(check(row_with_list(list)), "");
  EXPECT_EQ(check(row_with_list(wrap_in_list(list))), "a list or map is nested more than 32 deep");
  EXPECT_THROW(row::read_nested(wrap_in_list(list), FieldType::list), std::length_error);
  for (int depth = 32; depth < 2000; ++depth) list = wrap_in_list(list);
  EXPECT_EQ(check(row_with_list(list)), "a list or map is nested more than 32 deep");
}

// Elements that share their bytes would make a few hundred bytes mean more than memory can hold.
TEST(RowCheck, RefusesElementsThatShareBytes) {
  std::string list = empty_list();
  for (int depth = 1; depth < 30; ++depth) {
    std::string outer(8 + 2 * 9, '\0');
    row::store(outer.data(), static_cast<std::uint32_t>(outer.size() + list.size()));
    row::store(outer.data() + 4, std::uint32_t{2});
    for (const std::size_t at : {8, 17}) {
      outer[at] = static_cast<char>(FieldType::list);
      row::store(outer.data() + at + 1, std::uint32_t{26});
      row::store(outer.data() + at + 5, static_cast<std::uint32_t>(list.size()));
    }
    list = outer + list;
  }
  EXPECT_EQ(check(row_with_list(list)), "a field's offset is wrong");
}

constexpr int kRounds = 10'000;

std::vector<Value> random_values(common::Random& random) {
  static constexpr std::size_t kWidths[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 254};
  std::vector<Value> values(kWidths[random.below(random.chance(0.05) ? 13 : 10)]);
  for (Value& v : values) v = support::random_value(random, 3);
  return values;
}

// Changes bytes, most often to small numbers, so that they look like tags, lengths and offsets.
void mutate(common::Random& random, std::string& row) {
  switch (random.below(8)) {
    case 0:
      row.resize(random.below(row.size() + 1));
      break;
    case 1:
      row.insert(random.below(row.size() + 1), random.below(9), static_cast<char>(1));
      break;
    case 2:
      row.erase(random.below(row.size() + 1), random.below(9));
      break;
    default:
      break;
  }
  for (auto n = random.below(4); n > 0 && !row.empty(); --n) {
    const auto at = random.below(row.size());
    row[at] = static_cast<char>(random.chance(0.7) ? random.below(40) : random.next());
  }
  if (row.size() >= 4 && random.chance(0.8)) {
    row::store(row.data(), static_cast<std::uint32_t>(row.size()));
  }
}

TEST(RowCheck, AcceptsAllThatIsWrittenAndWhatItAcceptsIsWrittenSo) {
  common::Random random(support::seed());
  int accepted = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::vector<Value> values = random_values(random);
    std::string row = encode(values);
    ASSERT_EQ(check(row), "");
    ASSERT_EQ(encode(decode(row)), row);
    mutate(random, row);
    if (!check(row).empty()) continue;
    const std::size_t n = row::field_count(row.data());
    if (n > 9) continue;
    ++accepted;
    ASSERT_EQ(encode(decode(row)), row);
  }
  EXPECT_GT(accepted, 100);
}

TEST(RowCheck, SurvivesBytesThatWereNeverARow) {
  common::Random random(support::seed());
  for (int i = 0; i < kRounds; ++i) {
    std::string bytes = support::random_text(random, 120);
    if (bytes.size() >= 8) {
      row::store(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
      bytes[4] = static_cast<char>(random.below(8));
      bytes[5] = 0;
    }
    if (check(bytes).empty()) {
      ASSERT_EQ(encode(decode(bytes)), bytes);
    }
    for (const FieldType type : {FieldType::list, FieldType::map}) {
      try {
        row::read_nested(bytes, type);
      } catch (const std::out_of_range&) {
      } catch (const std::length_error&) {
      }
    }
  }
}

}  // namespace
}  // namespace rafale
