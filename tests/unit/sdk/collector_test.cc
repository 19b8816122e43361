// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Emits are checked against the schema and go where they are told.
#include "rafale/collector.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/testing.h"

namespace rafale {
namespace {

using rafale::testing::Harness;

std::vector<StreamDef> streams() {
  return {{"default", {{"word", FieldType::string}, {"count", FieldType::int64}}, false},
          {"wide",
           {{"a", FieldType::int64},
            {"b", FieldType::int64},
            {"c", FieldType::int64},
            {"d", FieldType::int64},
            {"e", FieldType::list},
            {"f", FieldType::float64}},
           false},
          {"to", {{"n", FieldType::int64}}, true}};
}

class CollectorTest : public ::testing::Test {
 protected:
  template <class... V>
  std::string error_of(const V&... values) {
    try {
      out.emit(values...);
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "no error";
  }

  Harness harness{streams()};
  SpoutCollector& out = harness.collector();
  const StreamId wide = harness.output("wide");
  const StreamId to = harness.output("to");
};

TEST_F(CollectorTest, EmitsValuesOfManyTypes) {
  out.emit(kUnanchored, std::string("gust"), 2u);
  out.emit(kUnanchored, std::optional<std::string>(), nullptr);
  out.emit(kUnanchored, Value("gust"), Value(3));
  out.emit(wide, kUnanchored, 1, 2, 3, 4, List{1, Map{}}, 0.5f);
  ASSERT_EQ(harness.emitted.size(), 4u);
  EXPECT_EQ(harness.emitted[0].values, (List{"gust", 2}));
  EXPECT_EQ(harness.emitted[1].values, (List{nullptr, nullptr}));
  EXPECT_EQ(harness.emitted[2].values, (List{"gust", 3}));
  EXPECT_EQ(harness.emitted[3].values, (List{1, 2, 3, 4, List{1, Map{}}, 0.5}));
  EXPECT_EQ(harness.emitted[3].stream, "wide");
  EXPECT_FALSE(harness.emitted[0].has_message);
}

TEST_F(CollectorTest, NamesTheFieldThatDoesNotFit) {
  EXPECT_EQ(error_of(kUnanchored, "gust", "two"),
            "component \"under_test\", stream \"default\", field \"count\": expected int64, given "
            "string");
  EXPECT_EQ(error_of(wide, kUnanchored, 1, 2, 3, 4, List{}, 5),
            "component \"under_test\", stream \"wide\", field \"f\": expected double, given int64");
  EXPECT_EQ(error_of(kUnanchored, 1, nullptr),
            "component \"under_test\", stream \"default\", field \"word\": expected string, given "
            "int64");
  EXPECT_TRUE(harness.emitted.empty());
}

TEST_F(CollectorTest, NamesTheSchemaWhenTheNumberOfValuesDiffers) {
  EXPECT_EQ(error_of(kUnanchored, "gust"),
            "component \"under_test\", stream \"default\": 1 values emitted, but the schema is "
            "(word string, count int64)");
  EXPECT_EQ(error_of(kUnanchored),
            "component \"under_test\", stream \"default\": 0 values emitted, but the schema is "
            "(word string, count int64)");
  EXPECT_NE(error_of(kUnanchored, "gust", 1, 2), "no error");
}

TEST_F(CollectorTest, NamesTheStreamsThatThereAre) {
  EXPECT_EQ(error_of(StreamId{9}, kUnanchored, 1),
            "component \"under_test\" has no stream with index 9; it declares \"default\", "
            "\"wide\", \"to\"");
  Harness named({{"late", {{"n", FieldType::int64}}, false}});
  EXPECT_EQ(named.output("late").index, 1);
  try {
    named.collector().emit(kUnanchored, 1);
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "component \"under_test\" has no default stream; it declares \"late\"");
  }
  named.collector().emit(named.output("late"), kUnanchored, 1);
  EXPECT_EQ(named.emitted.size(), 1u);
  Harness mute((std::vector<StreamDef>()));
  EXPECT_THROW(mute.collector().emit(kUnanchored, 1), std::invalid_argument);
}

TEST_F(CollectorTest, RefusesRowsAboveTheLimit) {
  Config config;
  config.set("topology.max.tuple.bytes", 100);
  Harness small(streams(), {}, config);
  small.collector().emit(kUnanchored, std::string(76, 'x'), 1);
  try {
    small.collector().emit(kUnanchored, std::string(77, 'x'), 1);
    FAIL();
  } catch (const std::length_error& e) {
    EXPECT_STREQ(e.what(),
                 "component \"under_test\", stream \"default\": a row of 101 bytes is above "
                 "topology.max.tuple.bytes, 100");
  }
}

TEST_F(CollectorTest, EmitsDirectlyOnDirectStreamsOnly) {
  out.emit_direct(4, to, MessageId{7}, 1);
  ASSERT_EQ(harness.emitted.size(), 1u);
  EXPECT_EQ(harness.emitted[0].direct_to, 4u);
  EXPECT_EQ(harness.emitted[0].message, 7u);
  EXPECT_THROW(out.emit(to, kUnanchored, 1), std::invalid_argument);
  EXPECT_THROW(out.emit_direct(4, kDefaultStream, MessageId{7}, "gust", 1), std::invalid_argument);
}

}  // namespace
}  // namespace rafale
