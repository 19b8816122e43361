// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Rows keep values of every type, and keep their bytes for ever.
#include "rafale/row.h"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rafale/tuple.h"
#include "tests/unit/sdk/rows.h"

namespace rafale {
namespace {

using support::decode;
using support::encode;
using support::nested_list;

template <class... V>
std::string row_of(const V&... values) {
  std::string row(row::encoded_size(values...), '\0');
  row::encode(row.data(), row.size(), values...);
  return row;
}

std::string hex(std::string_view bytes) {
  ByteString copy;
  for (const char c : bytes) copy.push_back(std::byte(c));
  const std::string quoted = Value(copy).to_json();
  return quoted.substr(1, quoted.size() - 2);
}

const std::array<std::byte, 2> kBytes{std::byte{0}, std::byte{255}};

// The encoding is a promise to other processes, to other releases and to files. If this fails, the
// change must not be made.
TEST(Row, HasTheseBytesForEver) {
  const auto row = row_of("gust", std::int64_t{-2}, nullptr, true, 0.5, Bytes{kBytes}, List{1, "a"},
                          Map{{"k", Value()}});
  EXPECT_EQ(hex(row),
            // clang-format off
            "8c00000008002140"  // 140 bytes, 8 fields, no flags; string, int64, null, bool
            "5376000000000000"  // double, bytes, list, map
            "5000000004000000"  // slot: "gust"
            "feffffffffffffff"  // slot: -2
            "0000000000000000"  // slot: null
            "0100000000000000"  // slot: true
            "000000000000e03f"  // slot: 0.5
            "5400000002000000"  // slot: bytes
            "560000001b000000"  // slot: list
            "710000001b000000"  // slot: map
            "67757374"  // gust
            "00ff"  // bytes
            "1b00000002000000"  // list: length, 2 elements
            "020100000000000000"  // 1
            "011a00000001000000"  // "a"
            "61"  // a
            "1b00000002000000"  // map: length, 2 elements
            "011a00000001000000"  // "k"
            "000000000000000000"  // null
            "6b");  // k
  // clang-format on
}

TEST(Row, ReadsBackWhatWasWritten) {
  const std::vector<Value> values{"gust",
                                  std::numeric_limits<std::int64_t>::min(),
                                  nullptr,
                                  true,
                                  -0.25,
                                  ByteString{kBytes.begin(), kBytes.end()},
                                  List{1, "two", List{}, Map{}},
                                  Map{{"", 0}, {"list", List{nullptr, false}}}};
  const std::string row = encode(values);
  EXPECT_EQ(row::check(row), nullptr);
  EXPECT_EQ(decode(row), values);
}

TEST(Row, IsTheSameFromValuesAndFromTypes) {
  const List list{1, "a"};
  const Map map{{"k", 0.5}};
  EXPECT_EQ(row_of("gust", 42, nullptr, false, 1.5, Bytes{kBytes}, list, map),
            encode({"gust", 42, nullptr, false, 1.5, ByteString{kBytes.begin(), kBytes.end()}, list,
                    map}));
}

TEST(Row, TakesManyTypesOfValues) {
  const std::string text = "text";
  const char* pointer = "pointer";
  const std::optional<std::string_view> none;
  EXPECT_EQ(decode(row_of(text, pointer, std::string_view("view"), "literal")),
            (std::vector<Value>{"text", "pointer", "view", "literal"}));
  EXPECT_EQ(decode(row_of(std::uint8_t{255}, short{-1}, 'a', ~0u)),
            (std::vector<Value>{255, -1, 97, 4294967295}));
  EXPECT_EQ(decode(row_of(1.5f, std::optional(2), none, std::nullopt)),
            (std::vector<Value>{1.5, 2, nullptr, nullptr}));
}

class RowOfWidth : public testing::TestWithParam<std::size_t> {};

TEST_P(RowOfWidth, KeepsEveryField) {
  std::vector<Value> values;
  for (std::size_t i = 0; i < GetParam(); ++i) {
    if (i % 3 == 0) {
      values.emplace_back(static_cast<std::int64_t>(i));
    } else if (i % 3 == 1) {
      values.emplace_back("text " + std::to_string(i));
    } else {
      values.emplace_back(nullptr);
    }
  }
  const std::string row = encode(values);
  EXPECT_EQ(row::check(row), nullptr);
  EXPECT_EQ(row::length(row.data()), row.size());
  EXPECT_EQ(row::field_count(row.data()), GetParam());
  EXPECT_EQ(decode(row), values);
}

INSTANTIATE_TEST_SUITE_P(Fields, RowOfWidth, testing::Values(0, 1, 3, 4, 5, 8, 20, 21, 254));

TEST(Row, ReadsNullsAsZeroOrEmpty) {
  const std::string row = encode({nullptr, nullptr, nullptr, nullptr, nullptr});
  const detail::StreamInfo info{"c",
                                "s",
                                {{"a", FieldType::string},
                                 {"b", FieldType::int64},
                                 {"c", FieldType::float64},
                                 {"d", FieldType::list},
                                 {"e", FieldType::bytes}}};
  const Tuple tuple(row.data(), &info, 1, 0);
  EXPECT_EQ(tuple.get<std::string_view>("a"), "");
  EXPECT_EQ(tuple.get<std::int64_t>("b"), 0);
  EXPECT_EQ(tuple.get<double>("c"), 0.0);
  EXPECT_EQ(tuple.get<List>("d"), List());
  EXPECT_TRUE(tuple.get<Bytes>("e").data.empty());
  EXPECT_TRUE(tuple.is_null(4));
}

TEST(Row, KeepsTextOfEveryLength) {
  for (std::size_t n = 0; n < 100; ++n) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += static_cast<char>('!' + i % 90);
    const std::string row = row_of(text, "behind");
    ASSERT_EQ(decode(row), (std::vector<Value>{text, "behind"})) << n;
  }
}

TEST(Row, NestsListsAndMaps32Deep) {
  EXPECT_EQ(decode(encode({nested_list(row::kMaxNesting)})),
            std::vector<Value>{nested_list(row::kMaxNesting)});
  Value map = 1;
  for (std::size_t i = 0; i < row::kMaxNesting; ++i) map = Map{{"in", std::move(map)}};
  const std::string row = encode({map});
  EXPECT_EQ(row::check(row), nullptr);
  EXPECT_EQ(decode(row), std::vector<Value>{map});
}

TEST(Row, RefusesToNestDeeperThan32) {
  EXPECT_THROW(row::encoded_size(nested_list(33)), std::length_error);
  EXPECT_THROW(row::encoded_size(List{nested_list(32)}), std::length_error);
  EXPECT_THROW(row::encoded_size(Map{{"k", nested_list(32)}}), std::length_error);
}

TEST(Row, ReadNestedRefusesWhatIsNoList) {
  EXPECT_THROW(row::read_nested("", FieldType::list), std::out_of_range);
  EXPECT_THROW(row::read_nested("12345678", FieldType::map), std::out_of_range);
  EXPECT_THROW(row::read_nested("12345678", FieldType::string), std::out_of_range);
}

TEST(Tuple, ReadsByHandleByPositionAndByName) {
  const detail::StreamInfo info{
      "lines", "default", {{"word", FieldType::string}, {"count", FieldType::int64}}};
  const std::string row = row_of("gust", 2);
  const Tuple tuple(row.data(), &info, 3, 0);
  EXPECT_EQ(tuple.get(info.schema.field<std::string_view>("word")), "gust");
  EXPECT_EQ(tuple.get<std::int64_t>(1), 2);
  EXPECT_EQ(tuple.get<std::string>("word"), "gust");
  EXPECT_EQ(tuple.value(0), Value("gust"));
  EXPECT_EQ(tuple.to_json(), "{\"word\":\"gust\",\"count\":2}");
  EXPECT_EQ(tuple.bytes(), row);
  EXPECT_EQ(tuple.source_component(), "lines");
  EXPECT_FALSE(tuple.is_tick());
}

TEST(Tuple, RefusesFieldsThatItDoesNotHave) {
  const detail::StreamInfo info{"lines", "default", {{"word", FieldType::string}}};
  const std::string row = row_of("gust");
  const Tuple tuple(row.data(), &info, 3, 0);
  EXPECT_THROW(tuple.get<std::int64_t>(0), std::invalid_argument);
  EXPECT_THROW(tuple.get<std::string>(1), std::invalid_argument);
  EXPECT_THROW(tuple.get<std::string>("wort"), std::invalid_argument);
  EXPECT_THROW(tuple.value(1), std::invalid_argument);
}

}  // namespace
}  // namespace rafale
