// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The hash of fields grouping never changes, and spreads keys evenly.
#include "rafale/hash.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rafale/row.h"

namespace rafale {
namespace {

std::uint64_t of_text(std::string_view text) {
  return hash_bytes(kHashSeed, FieldType::string, text);
}

std::uint64_t of_int(std::int64_t value) {
  return hash_word(kHashSeed, FieldType::int64, static_cast<std::uint64_t>(value));
}

template <class... V>
std::uint64_t of_row(const V&... values) {
  std::string row(row::encoded_size(values...), '\0');
  row::encode(row.data(), row.size(), values...);
  std::uint64_t hash = kHashSeed;
  for (std::size_t i = 0; i < sizeof...(values); ++i) hash = hash_field(hash, row.data(), i);
  return hash;
}

// Where a key goes is a promise: state by key, and processes of different releases, rely on it. If
// one of the next four fails, the change must not be made.
TEST(Hash, OfTextNeverChanges) {
  EXPECT_EQ(of_text(""), 0x187eb7a382dfc7eau);
  EXPECT_EQ(of_text("a"), 0x329609b8f24122d4u);
  EXPECT_EQ(of_text("ab"), 0x6f81c41dfa0bfaafu);
  EXPECT_EQ(of_text("abc"), 0x168163d0b393835fu);
  EXPECT_EQ(of_text("gust"), 0xc104048d9b0d3521u);
  EXPECT_EQ(of_text("seventeen letters"), 0x522fd799c8c7a8dcu);
  EXPECT_EQ(of_text("0123456789abcdef"), 0x08f30b1398bd952du);
  EXPECT_EQ(of_text("0123456789abcdef0123456789abcdef!"), 0xf85a32b74ae24fd4u);
}

TEST(Hash, OfNumbersNeverChanges) {
  EXPECT_EQ(of_int(0), 0xd2fe660edc3609d3u);
  EXPECT_EQ(of_int(1), 0x9636de186bb45036u);
  EXPECT_EQ(of_int(-1), 0x4dc4d594bb808de1u);
  EXPECT_EQ(of_int(std::int64_t{1} << 40), 0x339da6b5f2dbfae8u);
}

TEST(Hash, OfRowsNeverChanges) {
  const std::byte abc[] = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  EXPECT_EQ(of_row(Bytes{abc}), 0x991dc620c9647c14u);
  EXPECT_EQ(of_row(true), 0x02f53e583aa32c44u);
  EXPECT_EQ(of_row(nullptr), 0x747b4455116dfc61u);
  EXPECT_EQ(of_row("lyon", 1001), 0x0b90895764d39552u);
  EXPECT_EQ(of_row("lyon", "1001"), 0x105522b78c2061abu);
}

TEST(Fastrange, NeverChanges) {
  const std::uint64_t hash = of_row("lyon", 1001);
  EXPECT_EQ(fastrange(hash, 1), 0u);
  EXPECT_EQ(fastrange(hash, 2), 0u);
  EXPECT_EQ(fastrange(hash, 3), 1u);
  EXPECT_EQ(fastrange(hash, 4), 1u);
  EXPECT_EQ(fastrange(hash, 7), 2u);
  EXPECT_EQ(fastrange(hash, 100), 39u);
}

TEST(Fastrange, SpreadsKeysThatAreMultiplesOfSomething) {
  for (std::int64_t stride = 1; stride < 10'000; ++stride) {
    std::array<int, 4> tasks{};
    for (std::int64_t i = 0; i < 64; ++i) ++tasks[fastrange(of_int(i * stride), 4)];
    EXPECT_LE(*std::ranges::max_element(tasks), 35) << stride;
  }
}

TEST(Hash, TellsTypesApart) {
  const std::set<std::uint64_t> hashes{of_row(1),     of_row("1"),     of_row(true),
                                       of_row(""),    of_row(nullptr), of_row(0),
                                       of_row(false), of_row(Bytes{})};
  EXPECT_EQ(hashes.size(), 8u);
}

TEST(Hash, TellsWhereOneFieldEnds) {
  EXPECT_NE(of_row("ab", "c"), of_row("a", "bc"));
  EXPECT_NE(of_row("a", "b"), of_row("b", "a"));
  EXPECT_NE(of_row(1, 2), of_row(2, 1));
}

// In a block of exactly the text's size, so that the address sanitizer sees a read beyond it.
TEST(Hash, ReadsNothingOutsideTheText) {
  std::set<std::uint64_t> hashes;
  for (std::size_t n = 0; n < 200; ++n) {
    const auto text = std::make_unique<char[]>(n);
    std::memset(text.get(), 'x', n);
    hashes.insert(of_text({text.get(), n}));
  }
  EXPECT_EQ(hashes.size(), 200u);
}

TEST(Hash, DependsOnEveryByte) {
  for (std::size_t n = 1; n < 70; ++n) {
    std::string text(n, 'x');
    std::set<std::uint64_t> hashes{of_text(text)};
    for (std::size_t i = 0; i < n; ++i) {
      text[i] = 'y';
      hashes.insert(of_text(text));
      text[i] = 'x';
    }
    ASSERT_EQ(hashes.size(), n + 1) << n;
  }
}

struct Keys {
  const char* name;
  std::function<std::uint64_t(std::int64_t)> hash;
};

class Spread : public testing::TestWithParam<Keys> {};

TEST_P(Spread, IsEvenForAnyNumberOfTasks) {
  constexpr int kKeys = 100'000;
  for (const std::uint32_t tasks : {2u, 3u, 4u, 7u, 16u, 64u}) {
    std::vector<int> load(tasks);
    for (int i = 0; i < kKeys; ++i) ++load[fastrange(GetParam().hash(i), tasks)];
    const double mean = static_cast<double>(kKeys) / tasks;
    EXPECT_LT(*std::ranges::max_element(load), 1.15 * mean) << tasks << " tasks";
    EXPECT_GT(*std::ranges::min_element(load), 0.85 * mean) << tasks << " tasks";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Keys, Spread,
    testing::Values(Keys{"Numbers", [](std::int64_t i) { return of_int(i); }},
                    Keys{"NegativeNumbers", [](std::int64_t i) { return of_int(-i); }},
                    Keys{"Hours", [](std::int64_t i) { return of_int(i * 3'600'000); }},
                    Keys{"HighBits", [](std::int64_t i) { return of_int(i << 32); }},
                    Keys{"Texts", [](std::int64_t i) { return of_text(std::to_string(i)); }},
                    Keys{"LongTexts",
                         [](std::int64_t i) {
                           return of_text("/a/path/" + std::to_string(i) + "/index.html");
                         }},
                    Keys{"Pairs", [](std::int64_t i) { return of_row(i / 300, i % 300); }},
                    Keys{"TextAndNumber", [](std::int64_t i) { return of_row("lyon", i); }}),
    [](const auto& keys) { return keys.param.name; });

TEST(Fastrange, StaysInRange) {
  for (const std::uint64_t hash : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 31}) {
    EXPECT_LT(fastrange(hash, 1), 1u);
    EXPECT_LT(fastrange(hash, 5), 5u);
    EXPECT_LT(fastrange(hash, ~0u), ~0u);
  }
}

}  // namespace
}  // namespace rafale
