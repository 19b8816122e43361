// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// A topology is what was declared, or a list of all mistakes in it.
#include "rafale/topology_builder.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/rafale.h"

namespace rafale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class NoSpout : public Spout {
 public:
  Next next_tuple(SpoutCollector&) override { return Next::done(); }
};

class NoBolt : public Bolt {
 public:
  void execute(const Tuple& in, BoltCollector& out) override { out.ack(in); }
};

class NoBasicBolt : public BasicBolt {
 public:
  void execute(const Tuple&, BasicCollector&) override {}
};

const Schema kLine{{"line", FieldType::string}, {"weight", FieldType::float64}};

SpoutDeclarer& lines(TopologyBuilder& builder, std::string name = "lines") {
  return builder.spout(std::move(name), [] { return std::make_unique<NoSpout>(); }).output(kLine);
}

BoltDeclarer& bolt(TopologyBuilder& builder, std::string name = "count") {
  return builder.bolt(std::move(name), [] { return std::make_unique<NoBolt>(); });
}

std::vector<std::string> mistakes_in(TopologyBuilder& builder) {
  try {
    builder.build();
  } catch (const InvalidTopology& e) {
    return e.mistakes();
  }
  return {};
}

// The mistakes of a topology of one good spout "lines" and what `add` adds.
std::vector<std::string> mistakes_of(const std::function<void(TopologyBuilder&)>& add,
                                     Config given = {}) {
  TopologyBuilder builder("test", std::move(given));
  lines(builder);
  add(builder);
  return mistakes_in(builder);
}

Config given(std::string key, Value value) {
  Config config;
  config.set(std::move(key), std::move(value));
  return config;
}

TEST(TopologyBuilder, BuildsWhatWasDeclared) {
  TopologyBuilder builder("words");
  lines(builder).direct_output("to", kLine);
  bolt(builder)
      .fields("lines", {"line"})
      .direct("lines", "to")
      .fuse(false)
      .blocking()
      .tick(std::chrono::milliseconds(50));
  const Topology topology = builder.build();
  EXPECT_TRUE(topology.component("lines")->stream("to")->direct);
  const ComponentDef& count = *topology.component("count");
  EXPECT_FALSE(count.fuse);
  EXPECT_TRUE(count.blocking);
  EXPECT_EQ(count.config.get<std::int64_t>("topology.tick.tuple.freq.ms", 0), 50);
  ASSERT_EQ(count.inputs.size(), 2u);
  EXPECT_EQ(count.inputs[0].component, "lines");
  EXPECT_EQ(count.inputs[0].stream, "default");
  EXPECT_EQ(count.inputs[0].grouping.to_string(), "fields(line)");
  EXPECT_EQ(count.inputs[1].stream, "to");
  EXPECT_EQ(count.inputs[1].grouping.to_string(), "direct");
}

TEST(TopologyBuilder, SortsComponentsAndPutsTheDefaultStreamFirst) {
  TopologyBuilder builder("words");
  bolt(builder, "sink").shuffle("count").shuffle("count", "late");
  bolt(builder, "count")
      .output("late", {{"l", FieldType::int64}})
      .output({{"n", FieldType::int64}})
      .output("early", {{"e", FieldType::int64}})
      .shuffle("lines");
  lines(builder);
  const Topology topology = builder.build();
  EXPECT_EQ(topology.name, "words");
  ASSERT_EQ(topology.components.size(), 3u);
  EXPECT_EQ(topology.components[0].name, "count");
  EXPECT_EQ(topology.components[1].name, "lines");
  EXPECT_EQ(topology.components[2].name, "sink");
  const ComponentDef& count = topology.components[0];
  EXPECT_EQ(count.streams[0].name, "default");
  EXPECT_EQ(count.streams[1].name, "late");
  EXPECT_EQ(count.streams[2].name, "early");
  EXPECT_TRUE(topology.component("lines")->is_spout());
  EXPECT_EQ(topology.component("nothing"), nullptr);
}

TEST(TopologyBuilder, CountsStreamsFromOneBehindTheDefault) {
  ComponentDef def;
  def.streams = {{"default", {}, false}, {"late", {}, false}, {"early", {}, false}};
  EXPECT_EQ(stream_index(def, "default")->index, 0);
  EXPECT_EQ(stream_index(def, "late")->index, 1);
  EXPECT_EQ(stream_index(def, "early")->index, 2);
  EXPECT_FALSE(stream_index(def, "never").has_value());
  EXPECT_EQ(stream_slots(def), 3u);
}

TEST(TopologyBuilder, KeepsIndexZeroFreeWithoutADefaultStream) {
  ComponentDef def;
  EXPECT_EQ(stream_slots(def), 1u);
  def.streams = {{"late", {}, false}, {"early", {}, false}};
  EXPECT_EQ(stream_index(def, "late")->index, 1);
  EXPECT_EQ(stream_index(def, "early")->index, 2);
  EXPECT_EQ(stream_slots(def), 3u);
}

TEST(TopologyBuilder, MakesAsManyTasksAsExecutorsUnlessToldOtherwise) {
  TopologyBuilder builder("words");
  lines(builder).parallelism(3);
  bolt(builder, "a").shuffle("lines").parallelism(2).tasks(5);
  const Topology topology = builder.build();
  EXPECT_EQ(topology.component("lines")->executors, 3u);
  EXPECT_EQ(topology.component("lines")->tasks, 3u);
  EXPECT_EQ(topology.component("a")->executors, 2u);
  EXPECT_EQ(topology.component("a")->tasks, 5u);
}

TEST(TopologyBuilder, CapsExecutors) {
  TopologyBuilder builder("words", given("topology.max.task.parallelism", 2));
  lines(builder).parallelism(3);
  bolt(builder, "a").shuffle("lines").parallelism(4).tasks(5);
  const Topology topology = builder.build();
  EXPECT_EQ(topology.component("lines")->executors, 2u);
  EXPECT_EQ(topology.component("lines")->tasks, 2u);
  EXPECT_EQ(topology.component("a")->executors, 2u);
  EXPECT_EQ(topology.component("a")->tasks, 5u);
}

TEST(TopologyBuilder, LetsWhatTheUserGaveWin) {
  TopologyBuilder builder("words", given("topology.workers", 3));
  builder.config("topology.workers", 2);
  builder.config("topology.debug", true);
  lines(builder);
  const Topology topology = builder.build();
  EXPECT_EQ(topology.config.get<std::int64_t>("topology.workers", 0), 3);
  EXPECT_EQ(topology.config.get<bool>("topology.debug", false), true);
}

TEST(TopologyBuilder, TakesItsNameFromTheSettings) {
  TopologyBuilder builder("words", given("topology.name", "prod"));
  lines(builder);
  EXPECT_EQ(builder.build().name, "prod");
}

TEST(TopologyBuilder, KeepsComponentSettingsApart) {
  TopologyBuilder builder("words");
  lines(builder).max_pending(10).config("own", "x");
  const Topology topology = builder.build();
  EXPECT_EQ(topology.component("lines")->config.get<std::int64_t>("topology.max.spout.pending", 0),
            10);
  EXPECT_FALSE(topology.config.contains("own"));
}

TEST(TopologyBuilder, MakesEveryKindOfBolt) {
  TopologyBuilder builder("words");
  lines(builder);
  bolt(builder, "bolt").shuffle("lines");
  builder.bolt("basic", [] { return std::make_unique<NoBasicBolt>(); }).shuffle("lines");
  builder.bolt("lambda", [](const Tuple&, BasicCollector&) {}).shuffle("lines");
  const Topology topology = builder.build();
  EXPECT_NE(std::get<BoltFactory>(topology.component("bolt")->factory)(), nullptr);
  EXPECT_NE(std::get<BasicBoltFactory>(topology.component("basic")->factory)(), nullptr);
  const auto& make = std::get<BasicBoltFactory>(topology.component("lambda")->factory);
  EXPECT_NE(make(), make());
  EXPECT_NE(std::get<SpoutFactory>(topology.component("lines")->factory)(), nullptr);
}

TEST(TopologyBuilder, CanBeCyclic) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) {
                bolt(b, "a").shuffle("lines").shuffle("b").shuffle("a").output(kLine);
                bolt(b, "b").shuffle("a").output(kLine);
              }),
              IsEmpty());
}

// ---- options
// -------------------------------------------------------------------------------------

TEST(Options, AreWhatTheUserGaveOrTheFallback) {
  Config config = given("bikes.parallelism", 4);
  config.set("bikes.rate", 2);
  config.set("bikes.on", false);
  config.set("bikes.null", nullptr);
  TopologyBuilder builder("bikes", config);
  lines(builder);
  EXPECT_EQ(builder.option("bikes.parallelism", 1, "tasks"), 4);
  EXPECT_EQ(builder.option("bikes.output", "", "directory"), "");
  EXPECT_EQ(builder.option("bikes.rate", 0.5, "rate"), 2.0);
  EXPECT_EQ(builder.option("bikes.on", true, "switch"), false);
  EXPECT_EQ(builder.option("bikes.null", "x", "text"), "x");
  const Topology topology = builder.build();
  ASSERT_EQ(topology.options.size(), 5u);
  EXPECT_EQ(topology.options[0].key, "bikes.parallelism");
  EXPECT_EQ(topology.options[0].fallback, Value(1));
  EXPECT_EQ(topology.options[0].help, "tasks");
}

TEST(Options, OfAnotherTypeAreAMistakeAndReadAsTheFallback) {
  TopologyBuilder builder("bikes", given("bikes.parallelism", "many"));
  lines(builder);
  EXPECT_EQ(builder.option("bikes.parallelism", 1, "tasks"), 1);
  EXPECT_THAT(mistakes_in(builder),
              ElementsAre("bikes.parallelism: expected int64, given \"many\""));
}

TEST(Options, ThatNobodyDeclaredAreMistakesWithTheNearestKey) {
  Config config = given("bikes.outptu", "x");
  config.set("topology.worker", 2);
  config.set("zzz", 2);
  TopologyBuilder builder("bikes", config);
  lines(builder);
  builder.option("bikes.output", "", "directory");
  EXPECT_THAT(mistakes_in(builder),
              ElementsAre("unknown key \"bikes.outptu\"; did you mean \"bikes.output\"?",
                          "unknown key \"topology.worker\"; did you mean \"topology.workers\"?",
                          "unknown key \"zzz\""));
}

TEST(Options, MayBeKeysThatTheTopologySetItself) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { b.config("my.key", 1); }, given("my.key", 2)),
              IsEmpty());
}

TEST(Options, DeclaredTwiceOrBadlyNamedAreMistakes) {
  EXPECT_THAT(
      mistakes_of([](TopologyBuilder& b) {
        b.option("bikes.x", 1, "");
        b.option("bikes.x", 2, "");
        b.option("bikes x", 2, "");
      }),
      ElementsAre("option \"bikes.x\" is declared twice", StartsWith("option \"bikes x\"")));
}

TEST(Options, OfTheRuntimeAreCheckedWhereverTheyAreSet) {
  EXPECT_THAT(
      mistakes_of(
          [](TopologyBuilder& b) {
            b.config("topology.workers", 0);
            bolt(b).shuffle("lines").tick(std::chrono::milliseconds(0));
            lines(b, "more").max_pending(0);
          },
          given("topology.debug", "yes")),
      ElementsAre("topology.debug: expected bool, given \"yes\"",
                  "topology.workers: expected at least 1, given 0",
                  "bolt \"count\": topology.tick.tuple.freq.ms: expected at least 1, given 0",
                  "spout \"more\": topology.max.spout.pending: expected at least 1, given 0"));
}

TEST(Options, MayContradictEachOther) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { b.mistake("a and b exclude each other"); }),
              ElementsAre("a and b exclude each other"));
}

// ---- mistakes of the graph
// -----------------------------------------------------------------------

TEST(Mistakes, AreReportedTogetherOneToALine) {
  TopologyBuilder builder("test");
  bolt(builder, "a").shuffle("lines");
  bolt(builder, "b");
  try {
    builder.build();
    FAIL();
  } catch (const InvalidTopology& e) {
    EXPECT_THAT(e.mistakes(), testing::SizeIs(3));
    EXPECT_EQ(e.what(), e.mistakes()[0] + "\n" + e.mistakes()[1] + "\n" + e.mistakes()[2]);
  }
}

TEST(Mistakes, AnUnknownComponent) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { bolt(b).shuffle("lins"); }),
              ElementsAre("bolt \"count\": subscribes to unknown component \"lins\"; did you mean "
                          "\"lines\"?"));
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { bolt(b).shuffle("source"); }),
              ElementsAre("bolt \"count\": subscribes to unknown component \"source\"; there are "
                          "\"lines\", \"count\""));
}

TEST(Mistakes, AnUnknownStream) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { bolt(b).shuffle("lines", "defualt"); }),
              ElementsAre("bolt \"count\": subscribes to component \"lines\", which declares no "
                          "stream \"defualt\"; did you mean \"default\"?"));
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) {
                bolt(b, "mute").shuffle("lines");
                bolt(b).shuffle("mute");
              }),
              ElementsAre("bolt \"count\": subscribes to component \"mute\", which declares no "
                          "stream \"default\"; there are none"));
}

TEST(Mistakes, FieldsGroupingOnAnUnknownField) {
  EXPECT_THAT(
      mistakes_of([](TopologyBuilder& b) { bolt(b).fields("lines", {"lime"}); }),
      ElementsAre("bolt \"count\": component \"lines\", stream \"default\": fields grouping "
                  "on unknown field \"lime\"; did you mean \"line\"?"));
}

TEST(Mistakes, FieldsGroupingOnADoubleAListOrAMap) {
  EXPECT_THAT(
      mistakes_of([](TopologyBuilder& b) {
        lines(b, "more").output("wide", {{"l", FieldType::list}, {"m", FieldType::map}});
        bolt(b).fields("lines", {"weight"}).fields("more", {"l", "m"}, "wide");
      }),
      ElementsAre(HasSubstr("field \"weight\" of type double; group by"),
                  HasSubstr("field \"l\" of type list"), HasSubstr("field \"m\" of type map")));
}

TEST(Mistakes, FieldsGroupingWithoutFieldsOrWithOneTwice) {
  EXPECT_THAT(
      mistakes_of([](TopologyBuilder& b) { bolt(b).fields("lines", {}); }),
      ElementsAre("bolt \"count\": component \"lines\", stream \"default\": fields grouping "
                  "without fields; name at least one of (line string, weight double)"));
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) {
                bolt(b).fields("lines", {"line", "line"});
              }),
              ElementsAre(HasSubstr("names field \"line\" twice")));
}

TEST(Mistakes, DirectGroupingThatDoesNotFitTheStream) {
  EXPECT_THAT(
      mistakes_of([](TopologyBuilder& b) {
        lines(b, "more").direct_output("to", kLine);
        bolt(b).direct("lines").shuffle("more", "to");
        bolt(b, "good").direct("more", "to");
      }),
      ElementsAre(HasSubstr("\"lines\", stream \"default\": direct grouping on a stream that "
                            "is not direct"),
                  HasSubstr("\"more\", stream \"to\": shuffle grouping on a direct stream")));
}

TEST(Mistakes, ABoltWithoutInput) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { bolt(b); }),
              ElementsAre(StartsWith("bolt \"count\": has no input")));
}

TEST(Mistakes, NoSpoutAtAll) {
  TopologyBuilder builder("test");
  bolt(builder, "a").shuffle("a").output(kLine);
  EXPECT_THAT(mistakes_in(builder), ElementsAre(StartsWith("the topology has no spout")));
}

TEST(Mistakes, ABoltThatNoSpoutReaches) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) {
                bolt(b, "a").shuffle("b").output(kLine);
                bolt(b, "b").shuffle("a").output(kLine);
                bolt(b, "self").shuffle("self").output(kLine);
              }),
              ElementsAre(StartsWith("bolt \"a\": no spout's tuples can reach it"),
                          StartsWith("bolt \"b\": no spout's tuples can reach it"),
                          StartsWith("bolt \"self\": no spout's tuples can reach it")));
}

TEST(Mistakes, AreNotBlamedOnTheConsumers) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) {
                bolt(b, "a").shuffle("lins").output(kLine);
                bolt(b, "b").shuffle("a").output(kLine);
                bolt(b, "c").shuffle("b");
              }),
              ElementsAre(HasSubstr("\"lins\"")));
}

TEST(Mistakes, TheSameSubscriptionTwice) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { bolt(b).shuffle("lines").all("lines"); }),
              ElementsAre("bolt \"count\": subscribes twice to component \"lines\", stream "
                          "\"default\""));
}

TEST(Mistakes, TheSameNameTwice) {
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { bolt(b, "lines").shuffle("lines"); }),
              ElementsAre("component \"lines\" is declared twice"));
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) { lines(b, "more").output(kLine); }),
              ElementsAre("spout \"more\": stream \"default\" is declared twice"));
  EXPECT_THAT(mistakes_of([](TopologyBuilder& b) {
                lines(b, "more").output("s", {{"a", FieldType::int64}, {"a", FieldType::int64}});
              }),
              ElementsAre("spout \"more\", stream \"s\": field \"a\" is declared twice"));
}

TEST(Mistakes, NamesThatAreNone) {
  for (const std::string name : {"", "two words", ".hidden", "-x", "a/b", "\xc3\xa9"}) {
    EXPECT_THAT(mistakes_of([&](TopologyBuilder& b) { lines(b, name); }),
                ElementsAre(HasSubstr("a name is 1 to 128 letters, digits")))
        << name;
  }
  EXPECT_THAT(mistakes_of([&](TopologyBuilder& b) { lines(b, "__system"); }),
              ElementsAre("spout \"__system\": names that begin with __ are the runtime's own"));
  EXPECT_THAT(mistakes_of([&](TopologyBuilder& b) { lines(b, std::string(129, 'a')); }),
              testing::SizeIs(1));
  EXPECT_THAT(mistakes_of([&](TopologyBuilder& b) {
                lines(b, "more").output("a b", {{"c d", FieldType::string}});
                b.name("e f");
              }),
              testing::SizeIs(3));
}

TEST(Mistakes, NamesThatAreGood) {
  for (const std::string& name :
       {std::string("a"), std::string("_a"), std::string("9.lives-x"), std::string(128, 'a')}) {
    EXPECT_THAT(mistakes_of([&](TopologyBuilder& b) { lines(b, name); }), IsEmpty()) << name;
  }
}

TEST(Mistakes, StreamsWithoutFieldsOrWithTooMany) {
  std::vector<FieldDef> fields;
  fields.reserve(255);
  for (int i = 0; i < 254; ++i) fields.push_back({"f" + std::to_string(i), FieldType::int64});
  EXPECT_THAT(
      mistakes_of([&](TopologyBuilder& b) { lines(b, "more").output("wide", Schema(fields)); }),
      IsEmpty());
  fields.push_back({"last", FieldType::int64});
  EXPECT_THAT(mistakes_of([&](TopologyBuilder& b) {
                lines(b, "more").output("wide", Schema(fields)).output("none", Schema());
              }),
              ElementsAre("spout \"more\", stream \"wide\": 255 fields; a stream has 1 to 254",
                          "spout \"more\", stream \"none\": 0 fields; a stream has 1 to 254"));
}

TEST(Mistakes, ParallelismThatIsImpossible) {
  EXPECT_THAT(
      mistakes_of([](TopologyBuilder& b) {
        bolt(b, "a").shuffle("lines").parallelism(0);
        bolt(b, "b").shuffle("lines").parallelism(static_cast<std::uint32_t>(-1));
        bolt(b, "c").shuffle("lines").parallelism(4).tasks(3);
        bolt(b, "d").shuffle("lines").tasks(0);
      }),
      ElementsAre("bolt \"a\": 0 executors; 1 to 65536 are possible",
                  "bolt \"b\": 4294967295 executors; 1 to 65536 are possible",
                  StartsWith("bolt \"c\": 3 tasks for 4 executors; each executor needs a task"),
                  "bolt \"d\": 0 tasks; 1 to 65536 are possible"));
}

}  // namespace
}  // namespace rafale
