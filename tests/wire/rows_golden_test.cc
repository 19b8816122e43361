// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The bytes of rows: values of each type, alone and together.

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "rafale/row.h"
#include "rafale/value.h"
#include "tests/wire/golden.h"

namespace rafale {
namespace {

using support::golden;

template <class... V>
std::string row_of(const V&... values) {
  std::string bytes(row::encoded_size(values...), '\0');
  row::encode(bytes.data(), bytes.size(), values...);
  return bytes;
}

/// Checks a row's bytes and reads them back.
void expect_row(const std::string& bytes, const std::vector<Value>& values) {
  const char* mistake = row::check(bytes);
  ASSERT_EQ(mistake, nullptr) << mistake;
  ASSERT_EQ(row::field_count(bytes.data()), values.size());
  for (std::size_t at = 0; at < values.size(); ++at) {
    EXPECT_EQ(row::read_value(bytes.data(), at), values[at]) << "field " << at;
  }
}

/// What a row takes for a value: of bytes a view.
template <class V>
const V& typed(const V& value) {
  return value;
}
Bytes typed(const ByteString& value) { return {value}; }

/// A row of fields of these types, from values and from arguments whose types the compiler knows.
template <class... V>
void expect_frozen(const std::string& name, const std::string& about, const V&... values) {
  const std::string frozen = golden(name, about, row_of(Value(values)...));
  EXPECT_EQ(support::to_hex(row_of(typed(values)...)), support::to_hex(frozen));
  expect_row(frozen, {Value(values)...});
}

ByteString bytes_of(std::initializer_list<unsigned char> bytes) {
  ByteString made;
  for (const unsigned char byte : bytes) made.push_back(std::byte{byte});
  return made;
}

TEST(Rows, WithoutFields) { expect_frozen("row_empty", "no field"); }

TEST(Rows, OfNull) { expect_frozen("row_null", "null", nullptr); }

TEST(Rows, OfBool) { expect_frozen("row_bool", "true, false", true, false); }

TEST(Rows, OfInt64) {
  expect_frozen("row_int64", "1, -2, the least, the greatest", 1, -2,
                std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
}

TEST(Rows, OfFloat64) {
  expect_frozen("row_float64", "1.5, -0.0, infinity, the least above 0", 1.5, -0.0,
                std::numeric_limits<double>::infinity(), std::numeric_limits<double>::denorm_min());
}

TEST(Rows, OfString) {
  expect_frozen("row_string", "cafe with an accent, empty, one with a zero byte",
                std::string("caf\xc3\xa9"), std::string(), std::string("a\0b", 3));
}

TEST(Rows, OfBytes) {
  expect_frozen("row_bytes", "ff 00 80 0a, empty", bytes_of({0xff, 0x00, 0x80, 0x0a}),
                ByteString());
}

TEST(Rows, OfLists) {
  expect_frozen(
      "row_list", "empty, [1, \"two\", null, true, 2.5, bytes, [[3]]]", List{},
      List{1, "two", nullptr, true, 2.5, bytes_of({1, 2}), Value(List{Value(List{Value(3)})})});
}

TEST(Rows, OfMaps) {
  expect_frozen("row_map", "empty, {\"\": null, \"a\": {\"b\": [1]}, \"z\": \"last\"}", Map{},
                Map{{"z", "last"}, {"a", Map{{"b", List{Value(1)}}}}, {"", nullptr}});
}

TEST(Rows, OfAllTypes) {
  // Eight fields: the tags of the fifth and further ones have a word of their own.
  expect_frozen("row_all", "null, true, 7, 0.25, \"text\", bytes, [1], {\"k\": 2}", nullptr, true,
                7, 0.25, std::string("text"), bytes_of({9}), List{Value(1)}, Map{{"k", 2}});
}

TEST(Rows, OfTwentyOneFields) {
  // One field more than four and sixteen: two words of tags.
  expect_frozen("row_21", "the numbers 1 to 20, \"end\"", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                14, 15, 16, 17, 18, 19, 20, std::string("end"));
}

}  // namespace
}  // namespace rafale
