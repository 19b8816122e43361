// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Live APIs over real HTTP: the stand-in server, the source that polls it, and the fleet behind.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/http/http_client.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"
#include "topologies/bike_api/api_server.h"
#include "topologies/bike_fleet/http_source.h"
#include "topologies/bike_fleet/record_parser.h"
#include "topologies/bike_fleet/simulator.h"

namespace rafale::bikes {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Bikes = std::map<std::string, std::int64_t>;  // by "contract/number"

constexpr const char* kKey = "canary-4711";

/// A server in this process whose time a test moves.
class Api {
 public:
  explicit Api(ApiServer::Options options = {})
      : city_(std::make_unique<Simulator>(
                  Simulator::Options{.cities = {"lyon", "nantes"}, .stations = 40}),
              1),
        server_(city_, std::move(options), [this] { return elapsed_ms_.load(); }),
        port_(server_.bind("127.0.0.1", 0)),
        thread_([this] { server_.serve(); }) {}
  ~Api() {
    server_.stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void pass_minutes(int minutes) { elapsed_ms_ += minutes * 60'000; }
  Bikes bikes(const std::string& contract) {
    Bikes all;
    for (const LiveStation& station : city_.at(elapsed_ms_)) {
      if (contract.empty() || station.contract == contract) {
        all[station.contract + "/" + station.number] = station.bikes;
      }
    }
    return all;
  }

 private:
  std::atomic<std::int64_t> elapsed_ms_{0};
  LiveCity city_;
  ApiServer server_;
  int port_;
  std::thread thread_;
};

/// Reads from the source until what it told is `wanted`; false if that takes too long.
bool reads(HttpSource& source, const std::string& contract, Format format, const Bikes& wanted,
           std::set<std::string>* errors = nullptr) {
  RecordParser parser(format, contract);
  Bikes told;
  for (int i = 0; i < 3000; ++i) {
    SourceRecord record;
    while (source.next(record)) {
      StationRecord station;
      if (!parser.parse(record.text, station)) continue;
      told[std::string(station.key.contract) + "/" + std::string(station.key.number)] =
          station.bikes;
    }
    for (const std::string& error : source.take_errors()) {
      if (errors != nullptr) errors->insert(error);
    }
    if (told == wanted) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

class LiveApi : public ::testing::Test {
 protected:
  void SetUp() override { ::setenv("JCDECAUX_API_KEY", kKey, 1); }
  void TearDown() override { ::unsetenv("JCDECAUX_API_KEY"); }
  static HttpSource::Options polling(Format api, const std::string& url) {
    HttpSource::Options options;
    options.api = api;
    options.url = url;
    options.interval_ms = 10;
    return options;
  }
};

TEST_F(LiveApi, EveryInterfaceTellsTheBikesOfEveryStation) {
  Api api;
  struct Case {
    Format format;
    std::string path, contract;
  };
  for (const auto& [format, path, contract] :
       {Case{Format::jcdecaux_v1, "", ""}, Case{Format::jcdecaux_v3, "/", ""},
        Case{Format::gbfs, "/gbfs/lyon/gbfs.json", "lyon"},
        Case{Format::gbfs, "/gbfs/nantes/3.0/gbfs.json", "nantes"}}) {
    HttpSource source(polling(format, api.url() + path));
    source.open();
    EXPECT_TRUE(reads(source, contract, format, api.bikes(contract))) << path;
    api.pass_minutes(30);
    EXPECT_TRUE(reads(source, contract, format, api.bikes(contract))) << path;
  }
}

TEST_F(LiveApi, OnlyTheContractsThatAreWantedAreAskedFor) {
  Api api;
  auto options = polling(Format::jcdecaux_v1, api.url());
  options.contracts = {"nantes"};
  HttpSource source(options);
  source.open();
  EXPECT_TRUE(reads(source, "", Format::jcdecaux_v1, api.bikes("nantes")));
}

TEST_F(LiveApi, AnAnswerThatDidNotChangeIsNotReadAgain) {
  Api api;
  HttpSource source(polling(Format::jcdecaux_v1, api.url()));
  source.open();
  ASSERT_TRUE(reads(source, "", Format::jcdecaux_v1, api.bikes("")));
  const std::int64_t before = source.position();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  SourceRecord record;
  EXPECT_FALSE(source.next(record));
  EXPECT_EQ(source.position(), before);
  EXPECT_THAT(source.take_errors(), IsEmpty());
}

TEST_F(LiveApi, ATroubledServerDelaysAndLosesNothing) {
  Api api({.key = kKey, .fail = "500:0.2,truncated:0.3", .seed = 3});
  HttpSource source(polling(Format::jcdecaux_v1, api.url()));
  source.open();
  std::set<std::string> errors;
  for (int i = 0; i < 5; ++i) {
    api.pass_minutes(10);
    EXPECT_TRUE(reads(source, "", Format::jcdecaux_v1, api.bikes(""), &errors));
  }
  EXPECT_THAT(errors, Not(IsEmpty()));
  for (const std::string& error : errors) EXPECT_THAT(error, Not(HasSubstr(kKey)));
}

TEST_F(LiveApi, AWrongKeyIsSaidWithoutSayingTheKey) {
  Api api({.key = "another"});
  HttpSource source(polling(Format::jcdecaux_v1, api.url()));
  source.open();
  std::set<std::string> errors;
  for (int i = 0; i < 1000 && errors.empty(); ++i) {
    SourceRecord record;
    source.next(record);
    for (const std::string& error : source.take_errors()) errors.insert(error);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_THAT(errors, Not(IsEmpty()));
  EXPECT_THAT(*errors.begin(), HasSubstr("403"));
  EXPECT_THAT(*errors.begin(), HasSubstr("is the API key right?"));
  EXPECT_THAT(*errors.begin(), Not(HasSubstr(kKey)));
}

TEST_F(LiveApi, WithoutAKeyNothingIsAsked) {
  ::unsetenv("JCDECAUX_API_KEY");
  HttpSource source(polling(Format::jcdecaux_v1, "http://127.0.0.1:1"));
  EXPECT_THROW(source.open(), std::runtime_error);
}

TEST_F(LiveApi, TheServerAnswersWrongRequestsAsTheRealOnesDo) {
  Api api({.key = kKey});
  const connectors::HttpClient client({});
  const std::string key = "apiKey=" + std::string(kKey);
  EXPECT_EQ(client.get(api.url() + "/vls/v1/stations").status, 403);
  EXPECT_EQ(client.get(api.url() + "/vls/v1/stations/1?contract=lyon&" + key).status, 404);
  EXPECT_EQ(client.get(api.url() + "/vls/v1/stations?contract=paris&" + key).status, 400);
  EXPECT_EQ(client.get(api.url() + "/vls/v3/stations/1001?contract=lyon&" + key).status, 200);
  EXPECT_EQ(client.get(api.url() + "/vls/v3/contracts?" + key).status, 200);
  EXPECT_EQ(client.get(api.url() + "/gbfs/paris/gbfs.json").status, 404);
  const auto limited = client.get(api.url() + "/vls/v1/stations?fail=429&" + key);
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.retry_after_ms, 1000);
  const auto first = client.get(api.url() + "/vls/v1/stations?" + key);
  EXPECT_EQ(client.get(api.url() + "/vls/v1/stations?" + key, first.etag).status, 304);
}

TEST(BikeApi, FeedsTheFleetAndShowsNoKeyAnywhere) {
  const support::Scratch dir;
  support::write_file(dir / "key", std::string(kKey) + "\n");
  support::Process api({"rafale-bike-api", "--speed", "600", "--key", kKey, "--fail", "429:0.1"});
  const std::string url = api.wait_for_line("http://");
  const char* programs = std::getenv("RAFALE_BIN_DIR");
  const auto fleet = support::run(
      {"rafale", "local", std::string(programs == nullptr ? "." : programs) + "/bike_fleet.so",
       "--for", "4s", "-o", "json", "-c", "bikes.source=http", "-c", "bikes.http.url=" + url, "-c",
       "bikes.http.interval.secs=0.3", "-c", "bikes.http.key.file=" + (dir / "key"), "-c",
       "bikes.output=" + (dir / "out")});
  EXPECT_EQ(fleet.exit_code, 0) << fleet.err;
  const std::string events = support::read_file(dir / "out/events-0.jsonl");
  EXPECT_THAT(events, HasSubstr(R"("event":"delta","contract":"lyon")"));
  EXPECT_THAT(fleet.out + fleet.err + events, Not(HasSubstr(kKey)));
  api.signal(SIGTERM);
  EXPECT_EQ(api.wait().exit_code, 0);
}

TEST(BikeApi, RefusesAWrongCall) {
  for (const std::vector<std::string>& call :
       {std::vector<std::string>{"rafale-bike-api", "--prot", "1"},
        {"rafale-bike-api", "--fail", "418:0.1"},
        {"rafale-bike-api", "--replay", "/no/such/file"}}) {
    EXPECT_EQ(support::run(call).exit_code, 2) << call[1];
  }
}

}  // namespace
}  // namespace rafale::bikes
