// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Answers of live APIs taken apart.
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topologies/bike_fleet/gbfs_discovery.h"
#include "topologies/bike_fleet/station_list.h"

namespace rafale::bikes {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> split(const std::string& body, Format format, std::string* problem) {
  std::vector<std::string_view> views;
  const std::string said = split_stations(body, format, views);
  if (problem != nullptr) *problem = said;
  return {views.begin(), views.end()};
}

TEST(StationList, GivesTheObjectsOfAnArrayAsTheyCame) {
  std::string problem;
  EXPECT_THAT(split(R"( [ {"a":"],}"} ,{"b":[1,{}]} ] )", Format::jcdecaux_v1, &problem),
              ElementsAre(R"({"a":"],}"})", R"({"b":[1,{}]})"));
  EXPECT_EQ(problem, "");
  EXPECT_THAT(split("[]", Format::jcdecaux_v3, &problem), IsEmpty());
  EXPECT_EQ(problem, "");
}

TEST(StationList, FindsTheStationsOfGbfs) {
  std::string problem;
  EXPECT_THAT(split(R"({"ttl":1,"x":{"data":2},"data":{"y":[],"stations":[{"s":1}]}})",
                    Format::gbfs, &problem),
              ElementsAre(R"({"s":1})"));
  EXPECT_EQ(problem, "");
  split(R"({"ttl":1})", Format::gbfs, &problem);
  EXPECT_EQ(problem, "the answer has no data.stations");
}

TEST(StationList, KeepsWhatCameWholeOfAnAnswerThatIsCutAnywhere) {
  const std::string whole = R"([{"n":1,"s":"a"},{"n":2,"s":"b"},{"n":3,"s":"c"}])";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    std::string problem;
    const auto stations = split(whole.substr(0, size), Format::jcdecaux_v1, &problem);
    EXPECT_THAT(problem, HasSubstr("cut short")) << size;
    for (const std::string& station : stations) EXPECT_THAT(station, SizeIs(15)) << size;
    EXPECT_EQ(stations.size(), size < 17 ? 0 : size < 33 ? 1 : 2) << size;
  }
  std::string problem;
  split(R"({"error":"no"})", Format::jcdecaux_v1, &problem);
  EXPECT_EQ(problem, "the answer has no list of stations");
}

TEST(GbfsDiscovery, FindsAFeedInBothVersions) {
  EXPECT_EQ(gbfs_feed(R"({"version":"2.3","data":{"fr":{"feeds":[{"name":"a","url":"u1"},
                        {"name":"station_status","url":"u2"}]}}})",
                      "station_status"),
            "u2");
  EXPECT_EQ(
      gbfs_feed(R"({"version":"3.0","data":{"feeds":[{"name":"station_status","url":"u3"}]}})",
                "station_status"),
      "u3");
}

TEST(GbfsDiscovery, SaysWhatIsMissing) {
  EXPECT_THROW(gbfs_feed("nonsense", "a"), std::runtime_error);
  EXPECT_THROW(gbfs_feed("[]", "a"), std::runtime_error);
  try {
    gbfs_feed(R"({"data":{"en":{"feeds":[]}}})", "station_status");
    FAIL() << "was found";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("names no feed station_status"));
  }
}

}  // namespace
}  // namespace rafale::bikes
