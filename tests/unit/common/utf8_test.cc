// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What is UTF-8 stays, what is none is replaced, and no character is cut in two.

#include "common/utf8.h"

#include <gtest/gtest.h>

namespace rafale::common {
namespace {

const std::string kNone = "\xef\xbf\xbd";

TEST(Utf8, LeavesTextsOfAllLengthsOfCharacters) {
  for (const std::string text :
       {"", "plain", "caf\xc3\xa9", "\xe2\x82\xac 5", "\xf0\x9f\x9a\xb2!", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}) {
    EXPECT_EQ(valid_utf8(text), text);
  }
  EXPECT_EQ(valid_utf8(std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(Utf8, ReplacesEachByteThatIsNone) {
  EXPECT_EQ(valid_utf8("a\xff"), "a" + kNone);
  EXPECT_EQ(valid_utf8("\xe9t\xe9"), kNone + "t" + kNone) << "Latin 1";
  EXPECT_EQ(valid_utf8("\xc0\xaf"), kNone + kNone) << "an overlong form";
  EXPECT_EQ(valid_utf8("\xe0\x9f\xbf"), kNone + kNone + kNone) << "an overlong form";
  EXPECT_EQ(valid_utf8("\xf0\x8f\xbf\xbf"), kNone + kNone + kNone + kNone) << "an overlong form";
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), kNone + kNone + kNone) << "a surrogate";
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), kNone + kNone + kNone + kNone) << "above U+10FFFF";
  EXPECT_EQ(valid_utf8("\x80x"), kNone + "x");
  EXPECT_EQ(valid_utf8("\xe2\x82"), kNone + kNone) << "cut by somebody else";
  EXPECT_EQ(valid_utf8("\xe2\x82x"), kNone + kNone + "x");
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(valid_utf8("abc", 2), "ab");
  EXPECT_EQ(valid_utf8("abc", 3), "abc");
  EXPECT_EQ(valid_utf8("abc", 0), "");
  EXPECT_EQ(valid_utf8("a\xc3\xa9z", 2), "a");
  EXPECT_EQ(valid_utf8("a\xc3\xa9z", 3), "a\xc3\xa9");
  EXPECT_EQ(valid_utf8("\xff\xff", 5), kNone) << "the replacement counts as well";
}

}  // namespace
}  // namespace rafale::common
