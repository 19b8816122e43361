// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Settings files: typing, flattening, places, and what is refused.

#include "common/yaml.h"

#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::common {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

YamlValue scalar(const std::string& text) {
  auto value = parse_yaml_scalar(text);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? *value : YamlValue{};
}

template <class T>
YamlValue yaml(T value) {
  return YamlValue{value};
}

YamlValue text_value(const char* text) { return YamlValue{std::string(text)}; }

std::string refusal(const std::string& text) {
  const auto settings = parse_yaml_settings(text, "f.yaml");
  EXPECT_FALSE(settings.ok()) << text;
  return std::string(settings.status().message());
}

TEST(YamlScalar, IsTypedByTheCoreSchema) {
  EXPECT_EQ(scalar("4"), yaml(std::int64_t{4}));
  EXPECT_EQ(scalar("-12"), yaml(std::int64_t{-12}));
  EXPECT_EQ(scalar("+7"), yaml(std::int64_t{7}));
  EXPECT_EQ(scalar("0"), yaml(std::int64_t{0}));
  EXPECT_EQ(scalar("0x1F"), yaml(std::int64_t{31}));
  EXPECT_EQ(scalar("0o17"), yaml(std::int64_t{15}));
  EXPECT_EQ(scalar("0.5"), yaml(0.5));
  EXPECT_EQ(scalar("-.5"), yaml(-0.5));
  EXPECT_EQ(scalar("1e3"), yaml(1000.0));
  EXPECT_EQ(scalar("0.25"), yaml(0.25));
  EXPECT_EQ(scalar("-.inf"), yaml(-std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(std::isnan(std::get<double>(scalar(".nan").data)));
  EXPECT_EQ(scalar("true"), yaml(true));
  EXPECT_EQ(scalar("False"), yaml(false));
  EXPECT_EQ(scalar("~"), YamlValue{});
  EXPECT_EQ(scalar(""), YamlValue{});
}

TEST(YamlScalar, LeavesEverythingElseAString) {
  for (const char* text :
       {"lyon", "yes", "no",          "on",  "1.2.3",  "-",           ".",
        "1e",   "0x",  "12ab",        "20s", "[a, b]", "a: b",        "0x-1",
        "--4",  "+-4", "'a' and 'b'", "\"",  "1 2",    "\"a\" \"b\"", "\"a\\\""}) {
    EXPECT_EQ(scalar(text), text_value(text));
  }
}

TEST(YamlScalar, KeepsLeadingZerosOfIdentifiers) {
  EXPECT_EQ(scalar("007"), text_value("007"));
  EXPECT_EQ(scalar("01234.5"), text_value("01234.5"));
}

TEST(YamlScalar, TakesQuotesAsAString) {
  EXPECT_EQ(scalar("\"4\""), text_value("4"));
  EXPECT_EQ(scalar("'true'"), text_value("true"));
  EXPECT_EQ(scalar("\"a\\tb\""), text_value("a\tb"));
  EXPECT_EQ(scalar("''"), text_value(""));
  EXPECT_EQ(scalar("'it''s'"), text_value("it's"));
  EXPECT_EQ(scalar("\"say \\\"hi\\\"\""), text_value("say \"hi\""));
  EXPECT_FALSE(parse_yaml_scalar("\"\\q\"").ok());
}

TEST(YamlScalar, RefusesIntegersBeyond64Bits) {
  EXPECT_EQ(scalar("9223372036854775807"), yaml(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(scalar("-9223372036854775808"), yaml(std::numeric_limits<std::int64_t>::min()));
  EXPECT_THAT(std::string(parse_yaml_scalar("9223372036854775808").status().message()),
              HasSubstr("does not fit into 64 bits"));
}

TEST(YamlSettings, FlattensNestedMappingsAndKnowsTheirPlaces) {
  const auto settings = parse_yaml_settings(
      "topology:\n"
      "  message.timeout.secs: 30\n"
      "  workers: 2\n"
      "bikes.city: lyon   # a comment\n"
      "empty: {}\n"
      "nothing:\n"
      "seeds: [a, 1, {x: true}]\n",
      "f.yaml");
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_EQ(settings->size(), 5u);
  EXPECT_EQ((*settings)[0].key, "topology.message.timeout.secs");
  EXPECT_EQ((*settings)[0].value, yaml(std::int64_t{30}));
  EXPECT_EQ((*settings)[0].line, 2);
  EXPECT_EQ((*settings)[0].column, 3);
  EXPECT_EQ((*settings)[2].key, "bikes.city");
  EXPECT_EQ((*settings)[2].line, 4);
  EXPECT_EQ((*settings)[3].value, YamlValue{});
  const YamlValue::Sequence seeds{text_value("a"), yaml(std::int64_t{1}),
                                  YamlValue{YamlValue::Mapping{{"x", YamlValue{true}}}}};
  EXPECT_EQ((*settings)[4].value, YamlValue{seeds});
}

TEST(YamlSettings, AreEmptyForAnEmptyFile) {
  EXPECT_TRUE(parse_yaml_settings("", "f.yaml")->empty());
  EXPECT_TRUE(parse_yaml_settings("# only a comment\n", "f.yaml")->empty());
}

TEST(YamlSettings, RefusesAKeyGivenTwiceInAnySpelling) {
  EXPECT_EQ(refusal("a.b: 1\na:\n  b: 2\n"), "f.yaml:3:3: \"a.b\" is already set in line 1");
}

TEST(YamlSettings, NamesThePlaceOfABrokenLine) {
  EXPECT_THAT(refusal("a: 1\n\tb: 2\n"), StartsWith("f.yaml:2:1: "));
  EXPECT_THAT(refusal("a: [1\n"), StartsWith("f.yaml:"));
  EXPECT_THAT(refusal("a: 1\nb: 99999999999999999999\n"), StartsWith("f.yaml:2:4: the number"));
}

TEST(YamlSettings, RefusesWhatIsNoMapping) {
  EXPECT_THAT(refusal("- a\n- b\n"), HasSubstr("a mapping"));
  EXPECT_THAT(refusal("just text"), HasSubstr("a mapping"));
  EXPECT_THAT(refusal("a: 1\n---\nb: 2\n"), HasSubstr("f.yaml:3:1: a second document"));
  EXPECT_THAT(refusal("? [a, b]\n: 1\n"), HasSubstr("a key must be plain text"));
}

TEST(YamlSettings, RefusesEndlessAndHugeAliases) {
  EXPECT_THAT(refusal("a: &x [*x]\n"), HasSubstr("nested more than"));
  std::string laughs = "l0: &l0 [a, a, a, a, a, a, a, a, a, a]\n";
  for (int i = 1; i < 8; ++i) {
    const std::string below = "*l" + std::to_string(i - 1);
    laughs += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [" + below;
    for (int j = 0; j < 9; ++j) laughs += ", " + below;
    laughs += "]\n";
  }
  EXPECT_THAT(refusal(laughs), HasSubstr("more than 100000 values"));
}

TEST(YamlSettings, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(read_yaml_settings("/nowhere/f.yaml").status(),
            absl::NotFoundError("cannot read '/nowhere/f.yaml': No such file or directory"));
  EXPECT_THAT(std::string(read_yaml_settings("/tmp").status().message()),
              HasSubstr("is a directory"));
}

}  // namespace
}  // namespace rafale::common
