// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Real answers of the bike interfaces, record by record through scanner and parser.
#include <simdjson.h>

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scratch.h"
#include "tests/support/shared_data.h"
#include "topologies/bike_fleet/key_scanner.h"
#include "topologies/bike_fleet/record_parser.h"

namespace rafale::bikes {
namespace {

/// The records of an answer, an array, each as the text that it has there.
std::vector<std::string> records_of(const std::string& file) {
  std::vector<std::string> records;
  const simdjson::padded_string text(support::read_file(file));
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document = parser.iterate(text);
  for (simdjson::ondemand::object record : document.get_array()) {
    records.emplace_back(record.raw_json().value());
  }
  return records;
}

/// Bikes in all stations; checks every record on the way.
std::int64_t bikes_in(const std::vector<std::string>& records, Format format,
                      const std::string& contract) {
  std::int64_t bikes = 0;
  std::set<std::string> numbers;
  for (const Format asked : {Format::automatic, format}) {
    KeyScanner scanner(asked, "");
    RecordParser parser(asked, "");
    for (const std::string& record : records) {
      StationKey key;
      StationRecord parsed;
      EXPECT_TRUE(scanner.scan(record, key)) << record;
      EXPECT_TRUE(parser.parse(record, parsed)) << parser.reason() << "\n" << record;
      EXPECT_EQ(key, parsed.key);
      EXPECT_EQ(key.contract, contract);
      EXPECT_TRUE(parsed.at.has_value());
      numbers.emplace(key.number);
      bikes += asked == format ? parsed.bikes : 0;
    }
  }
  EXPECT_EQ(numbers.size(), records.size());
  return bikes;
}

TEST(Samples, AnAnswerOfJcdecauxV1IsUnderstood) {
  RAFALE_NEEDS_SHARED_DATA("samples/jcdecaux-v1-toulouse-2016-05-22.json");
  const auto records =
      records_of(support::shared_data("samples/jcdecaux-v1-toulouse-2016-05-22.json"));
  EXPECT_EQ(records.size(), 280U);
  EXPECT_EQ(bikes_in(records, Format::jcdecaux_v1, "Toulouse"), 2437);
}

TEST(Samples, AnAnswerOfJcdecauxV3IsUnderstood) {
  RAFALE_NEEDS_SHARED_DATA("samples/jcdecaux-v3-dublin-2025-02-08.json");
  const auto records =
      records_of(support::shared_data("samples/jcdecaux-v3-dublin-2025-02-08.json"));
  EXPECT_EQ(records.size(), 114U);
  EXPECT_EQ(bikes_in(records, Format::jcdecaux_v3, "dublin"), 1335);
}

}  // namespace
}  // namespace rafale::bikes
