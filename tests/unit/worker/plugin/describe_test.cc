// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A topology as JSON.

#include "worker/plugin/describe.h"

#include <memory>

#include <gtest/gtest.h>

#include "rafale/topology_builder.h"

namespace rafale::worker {
namespace {

using Json = nlohmann::ordered_json;

class Nothing : public Spout {
 public:
  Next next_tuple(SpoutCollector&) override { return Next::done(); }
};

Topology sample(Config given) {
  TopologyBuilder builder("words", std::move(given));
  builder.option("wc.file", "a.txt", "the text");
  builder.option("wc.ratio", 0.5, "a share");
  builder.config("topology.max.attempts", 3);
  builder.spout("lines", [] { return std::make_unique<Nothing>(); })
      .output({{"line", FieldType::string}})
      .direct_output("to", {{"n", FieldType::int64}});
  builder.bolt("count", [](const Tuple&, BasicCollector&) {})
      .fields("lines", {"line"})
      .parallelism(2)
      .tasks(4)
      .tick(std::chrono::milliseconds(500));
  return builder.build();
}

TEST(Describe, ShowsTheGraph) {
  const Json json = describe(sample({}));
  EXPECT_EQ(json["topology"], "words");
  ASSERT_EQ(json["components"].size(), 2u);
  const Json& count = json["components"][0];
  EXPECT_EQ(count["name"], "count");
  EXPECT_EQ(count["kind"], "bolt");
  EXPECT_EQ(count["executors"], 2);
  EXPECT_EQ(count["tasks"], 4);
  EXPECT_EQ(count["inputs"], Json::parse(R"([{"component":"lines","stream":"default",
      "grouping":"fields","fields":["line"]}])"));
  EXPECT_EQ(count["settings"]["topology.tick.tuple.freq.ms"], 500);
  EXPECT_EQ(json["components"][1]["streams"], Json::parse(R"([
      {"name":"default","direct":false,"fields":[{"name":"line","type":"string"}]},
      {"name":"to","direct":true,"fields":[{"name":"n","type":"int64"}]}])"));
}

TEST(Describe, ShowsOptionsWithTheirValuesAndOtherSettings) {
  Config given;
  given.set("wc.file", "b.txt");
  const Json json = describe(sample(given));
  EXPECT_EQ(json["options"], Json::parse(R"([
      {"key":"wc.file","type":"string","default":"a.txt","value":"b.txt","help":"the text"},
      {"key":"wc.ratio","type":"double","default":0.5,"value":0.5,"help":"a share"}])"));
  EXPECT_EQ(json["settings"], Json::parse(R"({"topology.max.attempts":3})"));
}

}  // namespace
}  // namespace rafale::worker
