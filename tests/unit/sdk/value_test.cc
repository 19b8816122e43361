// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Values compare, and print as JSON.
#include "rafale/value.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace rafale {
namespace {

TEST(Value, IsNullByDefault) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_EQ(Value(), Value(nullptr));
  EXPECT_EQ(Value().to_json(), "null");
}

TEST(Value, TellsItsTypeApart) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(1), Value(true));
  EXPECT_NE(Value("1"), Value(1));
  EXPECT_EQ(*Value(std::uint8_t{200}).as<std::int64_t>(), 200);
  EXPECT_EQ(Value("x").as<std::int64_t>(), nullptr);
}

TEST(Value, PrintsScalarsAsJson) {
  EXPECT_EQ(Value(true).to_json(), "true");
  EXPECT_EQ(Value(std::numeric_limits<std::int64_t>::min()).to_json(), "-9223372036854775808");
  EXPECT_EQ(Value(0.1).to_json(), "0.1");
  EXPECT_EQ(Value(2.0).to_json(), "2");
  EXPECT_EQ(Value(1e300).to_json(), "1e+300");
  EXPECT_EQ(Value("say \"hi\"").to_json(), "\"say \\\"hi\\\"\"");
  EXPECT_EQ(Value(ByteString{std::byte{0}, std::byte{0xaf}}).to_json(), "\"00af\"");
}

TEST(Value, PrintsWhatJsonHasNoNumberForAsNull) {
  EXPECT_EQ(Value(std::numeric_limits<double>::infinity()).to_json(), "null");
  EXPECT_EQ(Value(std::numeric_limits<double>::quiet_NaN()).to_json(), "null");
}

TEST(Value, PrintsListsAndMapsInOrder) {
  EXPECT_EQ(Value(List{}).to_json(), "[]");
  EXPECT_EQ(Value(Map{}).to_json(), "{}");
  EXPECT_EQ(Value(List{1, "a", List{Value()}}).to_json(), "[1,\"a\",[null]]");
  EXPECT_EQ(Value(Map{{"b", 2}, {"a", Map{{"x", false}}}}).to_json(),
            "{\"a\":{\"x\":false},\"b\":2}");
}

TEST(JsonQuote, EscapesControlCharacters) {
  EXPECT_EQ(json_quote(std::string_view("a\0b\n\t\r\x1f\\", 8)),
            "\"a\\u0000b\\n\\t\\r\\u001f\\\\\"");
}

TEST(JsonQuote, KeepsUtf8) {
  const char* text = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xb2\xed\x9f\xbf\xf4\x8f\xbf\xbf";
  EXPECT_EQ(json_quote(text), "\"" + std::string(text) + "\"");
}

TEST(JsonQuote, ReplacesEveryByteThatIsNoUtf8) {
  const std::string bad = "\xef\xbf\xbd";
  const auto quoted = [](std::string_view text) { return json_quote(text); };
  EXPECT_EQ(quoted("a\xff"), "\"a" + bad + "\"");
  EXPECT_EQ(quoted("\xc0\x80"), "\"" + bad + bad + "\"") << "overlong";
  EXPECT_EQ(quoted("\xe0\x80\x80"), "\"" + bad + bad + bad + "\"") << "overlong";
  EXPECT_EQ(quoted("\xf0\x80\x80\x80"), "\"" + bad + bad + bad + bad + "\"") << "overlong";
  EXPECT_EQ(quoted("\xed\xa0\x80"), "\"" + bad + bad + bad + "\"") << "surrogate";
  EXPECT_EQ(quoted("\xf4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"") << "too high";
  EXPECT_EQ(quoted("\xe2\x82"), "\"" + bad + bad + "\"") << "cut off";
}

}  // namespace
}  // namespace rafale
