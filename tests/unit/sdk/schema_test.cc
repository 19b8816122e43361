// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Schemas find fields and explain when they do not; reasons and groupings as text.
#include "rafale/schema.h"

#include <gtest/gtest.h>

#include "rafale/failure.h"
#include "rafale/grouping.h"

namespace rafale {
namespace {

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "no error";
}

const Schema kWords{{"word", FieldType::string}, {"count", FieldType::int64}};

TEST(Schema, FindsFieldsByName) {
  EXPECT_EQ(kWords.find("count"), 1u);
  EXPECT_EQ(kWords.find("Count"), std::nullopt);
  EXPECT_EQ(kWords.field<std::int64_t>("count").position(), 1u);
}

TEST(Schema, PrintsItself) {
  EXPECT_EQ(kWords.to_string(), "(word string, count int64)");
  EXPECT_EQ(Schema().to_string(), "()");
}

TEST(Schema, SuggestsTheNearestFieldForAnUnknownOne) {
  EXPECT_EQ(error_of([] { kWords.field<std::string_view>("wrd"); }),
            "no field \"wrd\" in (word string, count int64); did you mean \"word\"?");
  EXPECT_EQ(error_of([] { kWords.field<std::string_view>("temperature"); }),
            "no field \"temperature\" in (word string, count int64)");
}

TEST(Schema, RefusesAHandleOfAnotherType) {
  EXPECT_EQ(error_of([] { kWords.field<double>("count"); }),
            "field \"count\" is of type int64, not double");
  EXPECT_EQ(error_of([] { kWords.field<Bytes>("word"); }),
            "field \"word\" is of type string, not bytes");
}

TEST(Schema, PutsSlotsBehindTheWordsOfTags) {
  const auto slots = [](std::size_t n) { return detail::slots_offset(n); };
  EXPECT_EQ(slots(0), 8u);
  EXPECT_EQ(slots(4), 8u);
  EXPECT_EQ(slots(5), 16u);
  EXPECT_EQ(slots(20), 16u);
  EXPECT_EQ(slots(21), 24u);
  EXPECT_EQ(slots(254), 8u + 8u * 16u);
}

TEST(Schema, KnowsTheTagsOfItsRows) {
  EXPECT_EQ(Schema().tags().size(), 1u);
  EXPECT_EQ(kWords.tags()[0], 0x21u);
  std::vector<FieldDef> fields;
  for (int i = 0; i < 21; ++i) {
    const FieldType type = i < 4 ? FieldType::int64 : i < 20 ? FieldType::map : FieldType::bytes;
    fields.push_back({std::to_string(i), type});
  }
  const Schema wide(fields);
  ASSERT_EQ(wide.tags().size(), 3u);
  EXPECT_EQ(wide.tags()[0], 0x2222u);
  EXPECT_EQ(wide.tags()[1], 0x7777777777777777u);
  EXPECT_EQ(wide.tags()[2], 5u);
}

TEST(FieldType, HasANameForEveryType) {
  EXPECT_EQ(to_string(FieldType::float64), "double");
  EXPECT_EQ(to_string(FieldType::boolean), "bool");
  EXPECT_EQ(to_string(FieldType(9)), "unknown");
}

TEST(FailReason, SaysWhatWhereAndWhy) {
  EXPECT_EQ(FailReason().to_string(), "timeout");
  EXPECT_EQ((FailReason{FailureCode::exception, "parse", 7, "bad number"}.to_string()),
            "exception in parse (task 7): bad number");
  EXPECT_EQ((FailReason{FailureCode::explicit_, "parse", 7, ""}.to_string()),
            "explicit in parse (task 7)");
}

TEST(Grouping, PrintsItself) {
  EXPECT_EQ((Grouping{Grouping::Kind::fields, {"a", "b"}}.to_string()), "fields(a, b)");
  EXPECT_EQ((Grouping{Grouping::Kind::local_or_shuffle, {}}.to_string()), "local_or_shuffle");
}

}  // namespace
}  // namespace rafale
