// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of understanding records, and of saying why one cannot be understood.
#include "topologies/bike_fleet/record_parser.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::bikes {
namespace {

using ::testing::HasSubstr;

/// "contract/number bikes at", or the reason.
std::string parsed(std::string_view record, Format format = Format::automatic,
                   const std::string& contract = "") {
  RecordParser parser(format, contract);
  StationRecord out;
  if (!parser.parse(record, out)) return parser.reason();
  return std::string(out.key.contract) + "/" + std::string(out.key.number) + " " +
         std::to_string(out.bikes) + " " + (out.at ? std::to_string(*out.at) : "null");
}

/// A v1 record with the given text for some of its fields.
std::string v1(const std::string& number, const std::string& bikes,
               const std::string& more = R"(,"last_update":1568485129000)") {
  return R"({"number":)" + number + R"(,"contract_name":"lyon","available_bikes":)" + bikes + more +
         "}";
}

TEST(RecordParser, ReadsJcdecauxV1) {
  EXPECT_EQ(parsed(R"({"number":201,"contract_name":"lyon","name":"201","address":"",)"
                   R"("position":{"lat":null,"lng":null},"banking":false,"bonus":false,)"
                   R"("bike_stands":7,"available_bike_stands":7,"available_bikes":3,)"
                   R"("status":"OPEN","last_update":1568485129000})"),
            "lyon/201 3 1568485129000");
  EXPECT_EQ(parsed(v1("201", "3"), Format::jcdecaux_v1), "lyon/201 3 1568485129000");
}

TEST(RecordParser, ReadsJcdecauxV3) {
  const char* record =
      R"({"number":42,"contractName":"dublin","position":{"latitude":53.3,"longitude":-6.2},)"
      R"("status":"OPEN","lastUpdate":"2025-02-08T16:44:06Z","shape":null,"totalStands":)"
      R"({"availabilities":{"bikes":27,"stands":3,"mechanicalBikes":17},"capacity":30},)"
      R"("mainStands":{"availabilities":{"bikes":1,"stands":3}},"overflowStands":null})";
  EXPECT_EQ(parsed(record), "dublin/42 27 1739033046000");
  EXPECT_EQ(parsed(record, Format::jcdecaux_v3), "dublin/42 27 1739033046000");
}

TEST(RecordParser, ReadsFreeStandsWhereARecordSaysThem) {
  RecordParser parser(Format::automatic, "oslo");
  const auto stands = [&parser](const std::string& record) -> std::int64_t {
    StationRecord out;
    EXPECT_TRUE(parser.parse(record, out)) << parser.reason();
    return parser.stands().value_or(-1);
  };
  EXPECT_EQ(stands(v1("1", "3", R"(,"available_bike_stands":7)")), 7);
  EXPECT_EQ(stands(R"({"number":42,"contractName":"dublin","totalStands":)"
                   R"({"availabilities":{"bikes":27,"stands":3}}})"),
            3);
  EXPECT_EQ(stands(R"({"station_id":"5","num_bikes_available":3,"num_docks_available":16})"), 16);
  EXPECT_EQ(stands(v1("1", "3", "")), -1);
  EXPECT_EQ(stands(R"({"station_id":"5","num_bikes_available":3})"), -1);
  EXPECT_EQ(stands(R"({"number":42,"contractName":"dublin","totalStands":)"
                   R"({"availabilities":{"bikes":27}}})"),
            -1);
  for (const char* odd : {"-1", "1000001", "7.5", "null", R"("7")"}) {
    EXPECT_EQ(stands(v1("1", "3", std::string(R"(,"available_bike_stands":)") + odd)), -1) << odd;
  }
  EXPECT_EQ(stands(v1("1", "3", R"(,"available_bike_stands":7,"available_bike_stands":8)")), -1);
}

TEST(RecordParser, ReadsGbfsOfSeveralVersions) {
  const auto gbfs = [](const char* record) { return parsed(record, Format::automatic, "oslo"); };
  EXPECT_EQ(gbfs(R"({"station_id":"5","num_bikes_available":3,"num_docks_available":16,)"
                 R"("is_renting":1,"last_reported":1712349447})"),
            "oslo/5 3 1712349447000");
  EXPECT_EQ(gbfs(R"({"station_id":"5","num_vehicles_available":4,"is_renting":true,)"
                 R"("last_reported":"2025-02-08T16:44:06Z"})"),
            "oslo/5 4 1739033046000");
  EXPECT_EQ(gbfs(R"({"num_vehicles_available":4,"num_bikes_available":3,"station_id":"5"})"),
            "oslo/5 3 null")
      << "vehicles may be scooters";
  EXPECT_EQ(gbfs(R"({"station_id":5,"num_bikes_available":0})"), "oslo/5 0 null");
  EXPECT_THAT(parsed(R"({"station_id":"5","num_bikes_available":3})"), HasSubstr("bikes.contract"));
}

TEST(RecordParser, TakesWhatIsMissingNullOrNew) {
  EXPECT_EQ(parsed(v1("201", "3", "")), "lyon/201 3 null");
  EXPECT_EQ(parsed(v1("201", "3", R"(,"last_update":null)")), "lyon/201 3 null");
  EXPECT_EQ(parsed(v1("\"201\"", "0", R"(,"x":[1,{"available_bikes":9}],"number ":2)")),
            "lyon/201 0 null");
  EXPECT_EQ(parsed(R"({"number":1,"contractName":"a","totalStands":{"availabilities":)"
                   R"({"bikes":2}},"lastUpdate":null})"),
            "a/1 2 null");
  EXPECT_EQ(parsed(" \t" + v1("201", "3") + " \r"), "lyon/201 3 1568485129000");
}

TEST(RecordParser, ReadsEscapes) {
  EXPECT_EQ(
      parsed(R"({"n\u0075mber":"\u0037","contract_name":"Besan\u00e7on","available_bikes":1})"),
      "Besan\u00e7on/7 1 null");
}

TEST(RecordParser, TakesBikesFromZeroToAMillion) {
  EXPECT_EQ(parsed(v1("1", "0", "")), "lyon/1 0 null");
  EXPECT_EQ(parsed(v1("1", "1000000", "")), "lyon/1 1000000 null");
  for (const char* bikes : {"-1", "1000001", "9223372036854775807", "18446744073709551615",
                            "99999999999999999999999", "-99999999999999999999"}) {
    EXPECT_THAT(parsed(v1("1", bikes, "")),
                AllOf(HasSubstr("available_bikes"), HasSubstr("out of range")))
        << bikes;
  }
}

TEST(RecordParser, NamesTheFieldOfAWrongType) {
  EXPECT_EQ(parsed(v1("1", "\"3\"")), "available_bikes is a string, not a whole number");
  EXPECT_EQ(parsed(v1("1", "3.5")), "available_bikes is a fraction, not a whole number");
  EXPECT_EQ(parsed(v1("1", "3.0")), "available_bikes is a fraction, not a whole number");
  EXPECT_EQ(parsed(v1("1", "null")), "available_bikes is null, not a whole number");
  EXPECT_EQ(parsed(v1("1", "[]")), "available_bikes is an array, not a whole number");
  EXPECT_EQ(parsed(v1("null", "3")), "number is null, not a whole number or a string");
  EXPECT_EQ(parsed(v1("true", "3")), "number is true or false, not a whole number or a string");
  EXPECT_EQ(parsed(v1("1.5", "3")), "number is a fraction, not a whole number or a string");
  EXPECT_EQ(parsed(v1("-1", "3")), "number is negative");
  EXPECT_EQ(parsed(v1("\"\"", "3")), "number is empty");
  EXPECT_EQ(parsed(R"({"number":1,"contract_name":5,"available_bikes":3})"),
            "contract_name is a whole number, not a string");
  EXPECT_EQ(parsed(R"({"number":1,"contract_name":"","available_bikes":3})"),
            "contract_name is empty");
  EXPECT_EQ(parsed(R"({"number":1,"contractName":"a","totalStands":null})"),
            "totalStands is null, not an object");
  EXPECT_EQ(parsed(R"({"number":1,"contractName":"a","totalStands":{"availabilities":[]}})"),
            "totalStands.availabilities is an array, not an object");
  EXPECT_EQ(
      parsed(R"({"number":1,"contractName":"a","totalStands":{"availabilities":{"bikes":"2"}}})"),
      "totalStands.availabilities.bikes is a string, not a whole number");
}

TEST(RecordParser, NamesTheMomentThatIsNone) {
  const auto moment = [](const char* at) {
    return parsed(v1("1", "3", std::string(",\"last_update\":") + at));
  };
  EXPECT_EQ(moment("\"yesterday\""), "last_update is a string, not a whole number");
  EXPECT_EQ(moment("1.5"), "last_update is a fraction, not a whole number");
  EXPECT_EQ(moment("-1"), "last_update is out of range");
  EXPECT_EQ(moment("18446744073709551615"), "last_update is out of range");
  EXPECT_EQ(parsed(R"({"number":1,"contractName":"a","totalStands":{"availabilities":{"bikes":2}},)"
                   R"("lastUpdate":"yesterday"})"),
            "lastUpdate is no moment such as 2025-02-08T16:44:06Z");
  EXPECT_EQ(parsed(R"({"number":1,"contractName":"a","totalStands":{"availabilities":{"bikes":2}},)"
                   R"("lastUpdate":7})"),
            "lastUpdate is a whole number, not a string");
  EXPECT_EQ(parsed(R"({"station_id":"5","num_bikes_available":3,"last_reported":false})",
                   Format::gbfs, "oslo"),
            "last_reported is true or false, not a whole number or a string");
}

TEST(RecordParser, NamesTheFieldThatIsMissing) {
  EXPECT_EQ(parsed(R"({"contract_name":"lyon","available_bikes":3})"), "number is missing");
  EXPECT_EQ(parsed(R"({"number":1,"contract_name":"lyon"})"), "available_bikes is missing");
  EXPECT_EQ(parsed(R"({"number":1,"available_bikes":3})"),
            "the object has none of contract_name, contractName and station_id");
  EXPECT_EQ(parsed(R"({"number":1,"available_bikes":3})", Format::jcdecaux_v1),
            "contract_name is missing");
  EXPECT_EQ(parsed(R"({"number":1,"contractName":"a"})"), "totalStands is missing");
  EXPECT_EQ(parsed(R"({"number":1,"contractName":"a","totalStands":{}})"),
            "totalStands.availabilities is missing");
  EXPECT_EQ(parsed(R"({"station_id":"5"})", Format::gbfs, "oslo"),
            "num_bikes_available is missing");
  EXPECT_EQ(parsed("{}"), "the object has none of contract_name, contractName and station_id");
}

TEST(RecordParser, RefusesFieldsThatAreThereTwice) {
  EXPECT_EQ(parsed(v1("1", "3", R"(,"number":2)")), "number is there twice");
  EXPECT_EQ(parsed(v1("1", "3", R"(,"available_bikes":3)")), "available_bikes is there twice");
  EXPECT_EQ(parsed(v1("1", "3", R"(,"contract_name":"x")")), "contract_name is there twice");
  EXPECT_EQ(parsed(v1("1", "3", R"(,"last_update":1,"last_update":2)")),
            "last_update is there twice");
  EXPECT_EQ(parsed(v1("1", "3", R"(,"totalStands":1,"totalStands":2)")), "lyon/1 3 null")
      << "a field of another format";
  EXPECT_EQ(parsed(R"({"number":1,"contractName":"a","totalStands":{"availabilities":)"
                   R"({"bikes":2,"bikes":2}}})"),
            "totalStands.availabilities.bikes is there twice");
}

TEST(RecordParser, RefusesWhatIsNoObject) {
  EXPECT_EQ(parsed(""), "the line is empty");
  EXPECT_EQ(parsed("  \t"), "the line is empty");
  EXPECT_EQ(parsed("[]"), "the record is an array, not an object");
  EXPECT_EQ(parsed("[" + v1("1", "3") + "]"), "the record is an array, not an object");
  EXPECT_EQ(parsed("null"), "the record is null, not an object");
  EXPECT_EQ(parsed("true"), "the record is true or false, not an object");
  EXPECT_EQ(parsed("42"), "the record is a whole number, not an object");
  EXPECT_EQ(parsed("\"x\""), "the record is a string, not an object");
}

TEST(RecordParser, RefusesBrokenJsonWhereverItIsBroken) {
  const std::string good = v1("1", "3");
  for (const std::string& broken : {good.substr(0, good.size() - 1),
                                    good.substr(0, 20),
                                    good + "}",
                                    good + " x",
                                    good + good,
                                    good + ",",
                                    "x" + good,
                                    std::string("{"),
                                    std::string("}"),
                                    std::string("nonsense"),
                                    v1("1", "3", R"(,"name":tru)"),
                                    v1("1", "3", R"(,"name":)"),
                                    v1("1", "3", R"(,"name")"),
                                    v1("1", "3", ","),
                                    v1("1", "3", R"(,"name":"\x")"),
                                    v1("1", "3", R"(,name:1)"),
                                    v1("1", "3", R"(,"a":[1,])"),
                                    v1("1", "3", R"(,"a":{"b"})"),
                                    v1("1", "3", R"( "a":1)"),
                                    v1("1", "3", ",\"a\":\"\xff\""),
                                    v1("1", "3", ",\"a\":\"\n\""),
                                    v1("1", "03"),
                                    v1("1", "+3"),
                                    v1("1", "3."),
                                    v1("1", "NaN")}) {
    EXPECT_THAT(parsed(broken), HasSubstr("broken JSON")) << broken;
  }
}

TEST(RecordParser, NamesTheFieldInWhichJsonIsBroken) {
  EXPECT_THAT(parsed(v1("1", "3", R"(,"name":tru)")), HasSubstr("in the field name:"));
  EXPECT_THAT(parsed(v1("1", "3x")), HasSubstr("in the field available_bikes:"));
}

TEST(RecordParser, ReadsLongRecordsAndShortOnesAfterThem) {
  RecordParser parser(Format::automatic, "");
  StationRecord out;
  const std::string more = ",\"name\":\"" + std::string(std::size_t{3} << 20, 'x') + "\"";
  ASSERT_TRUE(parser.parse(v1("1", "3", more), out)) << parser.reason();
  EXPECT_EQ(out.bikes, 3);
  ASSERT_TRUE(parser.parse(v1("2", "4"), out));
  EXPECT_EQ(out.key.number, "2");
}

TEST(RecordParser, NeverReadsBehindTheRecord) {
  const std::string whole = v1("1", "3");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    parsed(std::string_view(whole).substr(0, size));
  }
}

}  // namespace
}  // namespace rafale::bikes
