// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of finding a station in a record without parsing it.
#include "topologies/bike_fleet/key_scanner.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "topologies/bike_fleet/json_text.h"
#include "topologies/bike_fleet/random.h"
#include "topologies/bike_fleet/record_parser.h"

namespace rafale::bikes {
namespace {

/// "contract/number", or "none".
std::string scanned(std::string_view record, Format format = Format::automatic,
                    const std::string& contract = "") {
  KeyScanner scanner(format, contract);
  StationKey key;
  if (!scanner.scan(record, key)) {
    EXPECT_EQ(key, StationKey{}) << record;
    return "none";
  }
  return std::string(key.contract) + "/" + std::string(key.number);
}

TEST(KeyScanner, FindsTheFieldsOfEveryFormat) {
  EXPECT_EQ(scanned(R"({"number":1001,"contract_name":"lyon","available_bikes":3})"), "lyon/1001");
  EXPECT_EQ(scanned(R"({"number":1001,"contractName":"lyon","totalStands":{}})"), "lyon/1001");
  EXPECT_EQ(scanned(R"({"station_id":"a-7","num_bikes_available":3})", Format::gbfs, "oslo"),
            "oslo/a-7");
  EXPECT_EQ(scanned(R"({"station_id":"a-7","num_bikes_available":3})", Format::automatic, "oslo"),
            "oslo/a-7");
}

TEST(KeyScanner, TakesFieldsInAnyOrderAndWithAnySpace) {
  EXPECT_EQ(scanned(" { \"contract_name\" :\t\"lyon\" ,\n\"x\" : [ 1 , { } ] , \"number\" : 7 } "),
            "lyon/7");
}

TEST(KeyScanner, TakesNumbersAsDigitsOrText) {
  EXPECT_EQ(scanned(R"({"number":"1001","contract_name":"lyon"})"), "lyon/1001");
  EXPECT_EQ(scanned(R"({"number":"01001","contract_name":"lyon"})"), "lyon/01001");
  EXPECT_EQ(scanned(R"({"number":99999999999999999999,"contract_name":"lyon"})"),
            "lyon/99999999999999999999");
  for (const char* number : {"-1", "1.0", "1e3", "null", "true", "[1]", "{}", "\"\"", "1x"}) {
    EXPECT_EQ(scanned(std::string(R"({"number":)") + number + R"(,"contract_name":"lyon"})"),
              "none")
        << number;
  }
}

TEST(KeyScanner, LooksAtDepthOneOnly) {
  EXPECT_EQ(scanned(R"({"a":{"number":1,"contract_name":"no"},"b":[{"number":2}],)"
                    R"("number":3,"contract_name":"lyon"})"),
            "lyon/3");
  EXPECT_EQ(scanned(R"({"a":{"number":1,"contract_name":"no"}})"), "none");
}

TEST(KeyScanner, IsNotFooledByStrings) {
  EXPECT_EQ(scanned(R"({"name":"\",\"number\":1,\"contract_name\":\"no\"","number":3,)"
                    R"("contract_name":"lyon"})"),
            "lyon/3");
  EXPECT_EQ(scanned(R"({"name":"}]","address":"\\","x":{"y":"{\"}"},"number":3,)"
                    R"("contract_name":"lyon"})"),
            "lyon/3");
  EXPECT_EQ(scanned(R"({"name":"number","number":3,"address":"contract_name",)"
                    R"("contract_name":"lyon"})"),
            "lyon/3");
}

TEST(KeyScanner, ReadsEscapesInNamesAndValues) {
  EXPECT_EQ(scanned(R"({"n\u0075mber":"\u0037","contract_name":"Besan\u00e7on \"x\""})"),
            "Besan\u00e7on \"x\"/7");
  EXPECT_EQ(scanned(R"({"number":"\u0031\u0032","contract_name":"\u0061","z":1})"), "a/12");
  EXPECT_EQ(scanned(R"({"number":7,"contract_name":"\ud800"})"), "none");
}

TEST(KeyScanner, KeepsUnicodeAndEmbeddedZeros) {
  EXPECT_EQ(scanned("{\"number\":7,\"contract_name\":\"\u6771\u4eac\"}"), "\u6771\u4eac/7");
  const StationKey wanted{std::string_view("a\0b", 3), "7"};
  KeyScanner scanner(Format::automatic, "");
  StationKey key;
  ASSERT_TRUE(scanner.scan(R"({"number":7,"contract_name":"a\u0000b"})", key));
  EXPECT_EQ(key, wanted);
}

TEST(KeyScanner, PrefersContractFieldsToAStationId) {
  EXPECT_EQ(
      scanned(R"({"station_id":"x","number":7,"contract_name":"lyon"})", Format::automatic, "oslo"),
      "lyon/7");
  EXPECT_EQ(scanned(R"({"number":1,"station_id":"x"})", Format::automatic, "oslo"), "oslo/x");
  EXPECT_EQ(scanned(R"({"station_id":"x","contract_name":"lyon"})", Format::automatic, "oslo"),
            "none");
  EXPECT_EQ(scanned(R"({"station_id":"x"})"), "none") << "no contract is known";
}

TEST(KeyScanner, HeedsTheFormatThatItIsGiven) {
  const char* both = R"({"contractName":"v3","contract_name":"v1","number":7,"station_id":"x"})";
  EXPECT_EQ(scanned(both), "v3/7");
  EXPECT_EQ(scanned(both, Format::jcdecaux_v1), "v1/7");
  EXPECT_EQ(scanned(both, Format::jcdecaux_v3), "v3/7");
  EXPECT_EQ(scanned(both, Format::gbfs, "oslo"), "oslo/x");
}

TEST(KeyScanner, RefusesWhatIsNoObject) {
  for (const char* text :
       {"", " ", "null", "[]", "{", "{}", "7", "\"x\"", "{\"number\"",
        "{\"number\":", "{\"number\":7", "{\"number\":7,", "{number:7}",
        R"(["number",7,"contract_name","a"])", R"({"number":7 "contract_name":"a"})",
        R"({"a":,"number":7,"contract_name":"a"})", R"({"x":"\)", R"({"x":{"y":[)"}) {
    EXPECT_EQ(scanned(text), "none") << text;
  }
}

TEST(KeyScanner, NeverReadsBehindTheRecord) {
  const std::string whole =
      R"({"name":"a\"b","p":{"q":[1,"]"]},"number":"12","contract_name":"lyon"})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of just this size, for the address sanitizer.
    const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    scanned(std::string_view(part.data(), part.size()));
  }
}

/// Random records, most of them valid, full of what a scanner may trip over.
class RecordMaker {
 public:
  explicit RecordMaker(std::uint64_t seed) : random_(seed) {}

  std::string record() {
    std::vector<std::string> fields;
    fields.push_back(field("number", number()));
    fields.push_back(field("contract_name", text()));
    fields.push_back(field("available_bikes", std::to_string(random_.below(30))));
    for (std::uint64_t i = random_.below(6); i > 0; --i) fields.push_back(field(name(), value(0)));
    for (std::size_t i = fields.size(); i > 1; --i)
      std::swap(fields[i - 1], fields[random_.below(i)]);
    std::string record = "{";
    for (const std::string& f : fields) record += (record.size() > 1 ? "," : "") + space() + f;
    return record + space() + "}";
  }

 private:
  std::string space() { return random_.strikes(0.2) ? " \t" : ""; }
  std::string field(const std::string& key, const std::string& json) {
    return quoted(key) + space() + ":" + space() + json;
  }
  std::string number() {
    return random_.strikes(0.5) ? std::to_string(random_.below(100)) : text();
  }
  std::string name() {
    static const char* const kNames[] = {"x", "", "station_id", "numbers", "Number", "contract"};
    return kNames[random_.below(6)];
  }
  std::string quoted(const std::string& plain) {
    if (plain.empty() || !random_.strikes(0.2)) return "\"" + plain + "\"";
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(plain[0]));
    return "\"" + (escape + plain.substr(1)) + "\"";
  }
  std::string text() {
    static const char* const kParts[] = {"a", "\\\"", "\\\\", "{",       "}",      "[",   "]",
                                         ",", ":",    "7",    "\\u00e9", "\u00e9", "\\n", "number"};
    std::string inside = "t";
    for (std::uint64_t i = random_.below(6); i > 0; --i) inside += kParts[random_.below(14)];
    return "\"" + inside + "\"";
  }
  std::string value(int depth) {
    switch (random_.below(depth < 3 ? 7 : 5)) {
      case 0:
        return text();
      case 1:
        return std::to_string(random_.below(1000));
      case 2:
        return "-1.5e3";
      case 3:
        return "null";
      case 4:
        return "true";
      case 5:
        return "[" + value(depth + 1) + "," + space() + value(depth + 1) + "]";
      default:
        return "{" + field("number", value(depth + 1)) + "," + field("contract_name", text()) + "}";
    }
  }

  Random random_;
};

TEST(KeyScanner, FindsWhatTheParserFindsInRandomRecords) {
  constexpr std::uint64_t kSeed = 20240603;
  RecordMaker maker(kSeed);
  KeyScanner scanner(Format::automatic, "oslo");
  RecordParser parser(Format::automatic, "oslo");
  for (int i = 0; i < 20'000; ++i) {
    const std::string record = maker.record();
    StationRecord parsed;
    ASSERT_TRUE(parser.parse(record, parsed)) << record << "\n" << parser.reason();
    StationKey key;
    ASSERT_TRUE(scanner.scan(record, key)) << record;
    ASSERT_EQ(key, parsed.key) << record;
  }
}

TEST(KeyScanner, AgreesWithTheParserOnDamagedRecordsThatAreStillRecords) {
  RecordMaker maker(7);
  Random random(8);
  KeyScanner scanner(Format::automatic, "oslo");
  RecordParser parser(Format::automatic, "oslo");
  int valid = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string record = maker.record();
    record[random.below(record.size())] = static_cast<char>(random.below(128));
    StationRecord parsed;
    StationKey key;
    const bool found = scanner.scan(record, key);
    if (parser.parse(record, parsed)) {
      ++valid;
      ASSERT_TRUE(found) << record;
      ASSERT_EQ(key, parsed.key) << record;
    }
  }
  EXPECT_GT(valid, 1000);
}

}  // namespace
}  // namespace rafale::bikes
