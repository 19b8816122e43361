// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Bytes of keys and values: read back as they were, and in the order of the numbers.
#include "connectors/state/state_codec.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace rafale::connectors {
namespace {

template <class T>
std::string encoded(T value) {
  std::string bytes;
  StateCodec<T>::encode(value, bytes);
  return bytes;
}

template <class T>
class Integers : public ::testing::Test {};
using Types = ::testing::Types<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                               std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(Integers, Types);

TYPED_TEST(Integers, AreReadBackAndSortAsNumbers) {
  using Limits = std::numeric_limits<TypeParam>;
  const auto middle = static_cast<TypeParam>(Limits::max() / 2);
  const TypeParam values[] = {Limits::min(), static_cast<TypeParam>(Limits::min() + 1), middle,
                              static_cast<TypeParam>(middle + 1), Limits::max()};
  std::string before;
  for (const TypeParam value : values) {
    const std::string bytes = encoded(value);
    EXPECT_EQ(bytes.size(), sizeof(TypeParam));
    EXPECT_EQ(StateCodec<TypeParam>::decode(bytes), value);
    EXPECT_LT(before, bytes);
    before = bytes;
  }
}

TEST(StateCodec, ReadsBackTextBooleansAndReals) {
  const std::string text("a\0\xff", 3);
  EXPECT_EQ(StateCodec<std::string>::decode(encoded(text)), text);
  EXPECT_TRUE(StateCodec<bool>::decode(encoded(true)));
  EXPECT_FALSE(StateCodec<bool>::decode(encoded(false)));
  EXPECT_EQ(StateCodec<double>::decode(encoded(-0.1)), -0.1);
}

TEST(StateCodec, RefusesBytesOfAnotherLength) {
  EXPECT_THROW(StateCodec<std::int64_t>::decode("1234567"), std::runtime_error);
  EXPECT_THROW(StateCodec<double>::decode(""), std::runtime_error);
}

TEST(StateCodec, NamesTypesApart) {
  EXPECT_EQ(StateCodec<std::int64_t>::name(), "i64");
  EXPECT_EQ(StateCodec<std::uint16_t>::name(), "u16");
  EXPECT_NE(StateCodec<double>::name(), StateCodec<std::uint64_t>::name());
}

}  // namespace
}  // namespace rafale::connectors
