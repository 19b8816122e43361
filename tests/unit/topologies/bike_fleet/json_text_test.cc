// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of reading and writing JSON strings.
#include "topologies/bike_fleet/json_text.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::bikes {
namespace {

std::string unescaped(std::string_view inside) {
  std::string text;
  EXPECT_TRUE(unescape_json(inside, text)) << inside;
  return text;
}

std::string written(std::string_view text) {
  std::string json = "x";
  append_json_string(json, text);
  return json.substr(1);
}

TEST(JsonText, ReadsEveryEscape) {
  EXPECT_EQ(unescaped(""), "");
  EXPECT_EQ(unescaped("plain"), "plain");
  EXPECT_EQ(unescaped(R"(a\"b\\c\/d\b\f\n\r\t)"), "a\"b\\c/d\b\f\n\r\t");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20AC)"), "A\u00e9\u20ac");
  EXPECT_EQ(unescaped(R"(\ud83d\ude00!)"), "\U0001f600!");
  EXPECT_EQ(unescaped(R"(\u0000)"), std::string(1, '\0'));
}

TEST(JsonText, RefusesWhatIsNoEscape) {
  std::string text;
  for (const char* wrong : {R"(\)", R"(\x)", R"(\u)", R"(\u12)", R"(\u12g4)", R"(\ud83d)",
                            R"(\ud83dx)", R"(\ud83d\u0041)", R"(\ude00)", R"(a\q)"}) {
    EXPECT_FALSE(unescape_json(wrong, text)) << wrong;
  }
}

TEST(JsonText, WritesWhatAReaderNeeds) {
  EXPECT_EQ(written(""), R"("")");
  EXPECT_EQ(written("Besan\u00e7on"), "\"Besan\u00e7on\"");
  EXPECT_EQ(written("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(written(std::string("\n\x1f\0", 3)), R"("\u000a\u001f\u0000")");
}

TEST(JsonText, ReadsBackWhatItWrote) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  const std::string json = written(all);
  EXPECT_EQ(unescaped(std::string_view(json).substr(1, json.size() - 2)), all);
}

}  // namespace
}  // namespace rafale::bikes
