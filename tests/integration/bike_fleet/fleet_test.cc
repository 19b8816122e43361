// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The bike fleet as a user runs it: bad records, refusals, the console, a full disk.
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/bike_fleet/outcome.h"
#include "tests/support/scratch.h"

namespace rafale::bikes {
namespace {

using nlohmann::json;
using support::lines_of;
using support::read_file;
using support::Scratch;
using support::write_file;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string record(int number, int bikes) {
  return R"({"number":)" + std::to_string(number) +
         R"(,"contract_name":"lyon","available_bikes":)" + std::to_string(bikes) +
         R"(,"last_update":1568484000000})";
}

TEST(Fleet, BuriesEachBadLineAndLosesNoOther) {
  const Scratch dir;
  const std::vector<std::pair<std::string, std::string>> bad = {
      {R"({"number":1,"contract_name":"lyon","available_bikes":3)", "broken JSON"},
      {"[" + record(1, 3) + "]", "an array"},
      {"null", "null"},
      {"", "empty"},
      {"42", "a whole number"},
      {"\"text\"", "a string"},
      {"nonsense", "broken JSON"},
      {record(1, 3) + record(1, 4), "broken JSON"},
      {record(1, 3) + " x", "broken JSON"},
      {R"({"number":1,"contract_name":"lyon","available_bikes":"3"})", "available_bikes"},
      {R"({"number":1,"contract_name":"lyon","available_bikes":-1})", "available_bikes"},
      {R"({"number":1,"contract_name":"lyon","available_bikes":99999999999999999999})",
       "available_bikes"},
      {R"({"number":1,"contract_name":"lyon","available_bikes":1.5})", "available_bikes"},
      {R"({"number":1,"contract_name":"lyon"})", "available_bikes"},
      {R"({"number":null,"contract_name":"lyon","available_bikes":3})", "number"},
      {R"({"contract_name":"lyon","available_bikes":3})", "number"},
      {R"({"number":1,"available_bikes":3})", "contract_name"},
      {R"({"number":1,"number":2,"contract_name":"lyon","available_bikes":3})", "number"},
      {R"({"number":1,"contract_name":"lyon","available_bikes":3,"last_update":"now"})",
       "last_update"},
      {"{\"number\":1,\"contract_name\":\"\xff\",\"available_bikes\":3}", "broken JSON"},
      {R"({"station_id":"1","num_bikes_available":3})", "bikes.contract"},
  };
  constexpr int kGood = 50;  // before each bad line
  std::string text;
  for (const auto& [line, reason] : bad) {
    for (int i = 0; i < kGood; ++i) text += record(i, (i + 1) % 7) + "\n";
    text += line + "\n";
  }
  write_file(dir / "f.jsonl", text);
  for (const char* parallelism : {"1", "4"}) {
    const FleetRun run =
        run_fleet({"bikes.file=" + (dir / "f.jsonl"), "bikes.output=" + (dir / parallelism),
                   std::string("bikes.parallelism=") + parallelism});
    EXPECT_EQ(run.ended.exit_code, 0) << run.ended.err;
    EXPECT_EQ(run.count("dead_lettered"), static_cast<std::int64_t>(bad.size()));
    EXPECT_EQ(run.count("acked"), static_cast<std::int64_t>(bad.size()) * kGood);
    EXPECT_EQ(run.count("failed"), 0);
    const auto outcome = read_outcome(dir / parallelism, true);
    EXPECT_THAT(outcome.contradictions, IsEmpty());
    EXPECT_THAT(outcome.per_station, SizeIs(kGood));

    std::map<std::int64_t, json> letters;
    for (const auto& line : lines_of(read_file(dir / parallelism + "/dead_letters.jsonl"))) {
      const json letter = json::parse(line);
      letters[letter.at("position").get<std::int64_t>()] = letter;
    }
    ASSERT_THAT(letters, SizeIs(bad.size()));
    for (std::size_t i = 0; i < bad.size(); ++i) {
      const json& letter = letters.at(static_cast<std::int64_t>((kGood + 1) * (i + 1)));
      EXPECT_THAT(letter.at("reason").get<std::string>(), HasSubstr(bad[i].second));
      EXPECT_EQ(letter.at("source"), dir / "f.jsonl");
      EXPECT_EQ(letter.at("component"), "parse");
      if (bad[i].first.find('\xff') == std::string::npos) {
        EXPECT_EQ(letter.at("record"), bad[i].first);
      }
    }
  }
}

TEST(Fleet, RefusesADirectoryThatIsNotEmptyUnlessItAppends) {
  const Scratch dir;
  write_file(dir / "f.jsonl", record(1, 3) + "\n");
  const std::vector<std::string> settings{"bikes.file=" + (dir / "f.jsonl"),
                                          "bikes.output=" + (dir / "out")};
  EXPECT_EQ(run_fleet(settings).ended.exit_code, 0);
  const FleetRun refused = run_fleet(settings);
  EXPECT_EQ(refused.ended.exit_code, 2);
  EXPECT_THAT(refused.ended.err,
              AllOf(HasSubstr((dir / "out") + " is not empty"), HasSubstr("--append")));
  auto appending = settings;
  appending.emplace_back("sink.append=true");
  EXPECT_EQ(run_fleet(appending).ended.exit_code, 0);
  EXPECT_THAT(lines_of(read_file(dir / "out/events-0.jsonl")), SizeIs(2));
}

TEST(Fleet, RefusesWrongSettingsWithAHint) {
  const FleetRun run = run_fleet({"bikes.file=/nowhere/lyon.jsonl", "bikes.paralelism=2"});
  EXPECT_EQ(run.ended.exit_code, 2);
  EXPECT_THAT(run.ended.out, IsEmpty());
  EXPECT_THAT(run.ended.err,
              AllOf(HasSubstr("/nowhere/lyon.jsonl"), HasSubstr("bikes.parallelism")));
}

TEST(Fleet, ReadsCompressedFilesOfAllFormatsInOneRun) {
  const Scratch dir;
  write_file(dir / "v3.jsonl",
             R"({"number":42,"contractName":"dublin","totalStands":{"availabilities":{"bikes":7}},)"
             R"("lastUpdate":"2025-02-08T16:44:06Z"})"
             "\r\n");
  write_file(dir / "gbfs.jsonl",
             R"({"station_id":"a","num_bikes_available":5,"last_reported":1712349447})");
  write_file(dir / "v1.jsonl", record(7, 0) + "\n");
  const FleetRun run = run_fleet(
      {"bikes.file=" + (dir / "v3.jsonl") + "," + (dir / "gbfs.jsonl") + "," + (dir / "v1.jsonl"),
       "bikes.contract=oslo"});
  EXPECT_EQ(run.ended.exit_code, 0) << run.ended.err;
  const auto lines = lines_of(run.ended.out);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0], R"({"event":"delta","contract":"dublin","number":"42","delta":7,"bikes":7,)"
                      R"("at":1739033046000,"initial":true})");
  EXPECT_EQ(lines[1], R"({"event":"delta","contract":"oslo","number":"a","delta":5,"bikes":5,)"
                      R"("at":1712349447000,"initial":true})");
  EXPECT_EQ(lines[2], R"({"event":"empty","contract":"lyon","number":"7","bikes":0,)"
                      R"("empty_in_city":1,"at":1568484000000,"initial":true})");
}

TEST(Fleet, SimulatesTheSameDayForTheSameSeed) {
  const auto events = [](const char* seed) {
    const FleetRun run =
        run_fleet({"bikes.speed=0", "bikes.sim.records=200000", std::string("bikes.seed=") + seed});
    EXPECT_EQ(run.ended.exit_code, 0) << run.ended.err;
    EXPECT_EQ(run.count("acked"), 200'000);
    return run.ended.out.substr(0, run.ended.out.rfind("\n{"));
  };
  const std::string first = events("7");
  EXPECT_EQ(first, events("7"));
  EXPECT_NE(first, events("8"));
  EXPECT_THAT(first, HasSubstr(R"({"event":"not_empty")"));
}

TEST(Fleet, WritesPlainLinesWhereNobodyLooks) {
  const FleetRun run = run_fleet({"bikes.speed=36000"}, {"--for", "1500ms"});
  EXPECT_EQ(run.ended.exit_code, 0) << run.ended.err;
  EXPECT_THAT(run.ended.out, AllOf(HasSubstr(" is empty ("), HasSubstr(" is no longer empty"),
                                   HasSubstr("records,"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(lines_of(run.ended.out).back(), HasSubstr("emitted "));
}

TEST(Fleet, ShowsALiveViewOnATerminal) {
  const char* programs = std::getenv("RAFALE_BIN_DIR");
  support::ProcessOptions terminal;
  terminal.environment = {{"NO_COLOR", ""}, {"TERM", "xterm"}};
  terminal.terminal = true;
  const auto ended = support::run(
      {"rafale", "local", std::string(programs == nullptr ? "." : programs) + "/bike_fleet.so",
       "-c", "bikes.speed=3600", "--for", "1s"},
      terminal);
  EXPECT_EQ(ended.exit_code, 0) << ended.out;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("Bike fleet"), HasSubstr("Empty stations now"),
                               HasSubstr("\x1b[1m"), HasSubstr("latency p50")));
  EXPECT_GT(ended.out.rfind("\x1b[?25h"), ended.out.rfind("\x1b[?25l")) << "the cursor is back";
}

TEST(Fleet, LeavesWholeLinesWhenItIsStopped) {
  const Scratch dir;
  const FleetRun run =
      run_fleet({"bikes.speed=0", "bikes.output=" + (dir / "out")}, {"--for", "1s", "-o", "json"});
  EXPECT_EQ(run.ended.exit_code, 0) << run.ended.err;
  EXPECT_EQ(run.count("emitted"), run.count("acked"));
  EXPECT_THAT(read_file(dir / "out/events-0.jsonl"), EndsWith("}\n"));
  EXPECT_THAT(read_outcome(dir / "out", true).contradictions, IsEmpty());
}

TEST(Fleet, DoesNotClaimWhatAFullDiskRefused) {
  const Scratch dir;
  std::filesystem::create_directory(dir / "out");
  std::filesystem::create_symlink("/dev/full", dir / "out/events-0.jsonl");
  const FleetRun run = run_fleet(
      {"bikes.output=" + (dir / "out"), "sink.append=true", "topology.message.timeout.secs=2"},
      {"--for", "1s", "-o", "json"});
  EXPECT_EQ(run.ended.exit_code, 1);
  EXPECT_THAT(run.ended.err, HasSubstr("No space left on device"));
  EXPECT_LT(run.count("acked"), run.count("emitted"));
}

}  // namespace
}  // namespace rafale::bikes
