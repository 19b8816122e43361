// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Settings are looked up by type; misspelt names find the nearest; the runtime's keys are a table.
#include "rafale/config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "rafale/config_keys.h"

namespace rafale {
namespace {

Config sample() {
  Config config;
  config.set("bool", true);
  config.set("int", 4);
  config.set("double", 0.5);
  config.set("text", "yes");
  config.set("null", nullptr);
  config.set("list", List{1});
  return config;
}

TEST(Config, LooksUpByType) {
  const Config config = sample();
  EXPECT_EQ(config.lookup<bool>("bool"), true);
  EXPECT_EQ(config.lookup<std::int64_t>("int"), 4);
  EXPECT_EQ(config.lookup<double>("double"), 0.5);
  EXPECT_EQ(config.lookup<std::string>("text"), "yes");
}

TEST(Config, TakesAnIntegerAsADoubleAndScalarsAsText) {
  const Config config = sample();
  EXPECT_EQ(config.lookup<double>("int"), 4.0);
  EXPECT_EQ(config.lookup<std::string>("int"), "4");
  EXPECT_EQ(config.lookup<std::string>("double"), "0.5");
  EXPECT_EQ(config.lookup<std::string>("bool"), "true");
}

TEST(Config, FallsBackForMissingAndNullSettings) {
  const Config config = sample();
  EXPECT_EQ(config.get<std::int64_t>("missing", 7), 7);
  EXPECT_EQ(config.get<std::int64_t>("null", 7), 7);
  EXPECT_TRUE(config.contains("null"));
  EXPECT_EQ(config.find("missing"), nullptr);
}

TEST(Config, NamesTheKeyOfAValueOfAnotherType) {
  const Config config = sample();
  const auto error_of = [&](auto lookup) -> std::string {
    try {
      lookup();
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of([&] { config.get("text", false); }), "text: expected bool, given \"yes\"");
  EXPECT_EQ(error_of([&] { config.get("double", std::int64_t{0}); }),
            "double: expected int64, given 0.5");
  EXPECT_EQ(error_of([&] { config.get("text", 0.0); }), "text: expected double, given \"yes\"");
  EXPECT_EQ(error_of([&] { config.get("list", std::string()); }),
            "list: expected string, given [1]");
}

TEST(Config, MergesSoThatTheOtherWins) {
  Config config = sample();
  Config other;
  other.set("int", 5);
  other.set("new", 6);
  config.merge(other);
  EXPECT_EQ(config.get<std::int64_t>("int", 0), 5);
  EXPECT_EQ(config.get<std::int64_t>("new", 0), 6);
  EXPECT_EQ(config.get<bool>("bool", false), true);
}

TEST(Nearest, FindsTypos) {
  const std::vector<std::string> words{"lines", "count", "bikes.output"};
  EXPECT_EQ(nearest("lnies", words), "lines") << "swapped";
  EXPECT_EQ(nearest("line", words), "lines") << "dropped";
  EXPECT_EQ(nearest("counnt", words), "count") << "doubled";
  EXPECT_EQ(nearest("bikes.outptu", words), "bikes.output");
  EXPECT_EQ(nearest("lines", words), "lines");
}

TEST(Nearest, SuggestsNothingFarFetched) {
  EXPECT_EQ(nearest("splitter", {"lines", "count"}), "");
  EXPECT_EQ(nearest("a", {"b"}), "");
  EXPECT_EQ(nearest("", {"a"}), "");
  EXPECT_EQ(nearest("a", {}), "");
}

TEST(Nearest, PrefersTheFewestEditsAndTheFirstOfEquals) {
  EXPECT_EQ(nearest("counts", {"mounts", "count", "county"}), "mounts");
  EXPECT_EQ(nearest("stattion", {"nation", "station"}), "station");
}

TEST(ConfigKeys, AreInOrderAndExplainThemselves) {
  const auto keys = runtime_config_keys();
  EXPECT_TRUE(std::ranges::is_sorted(keys, {}, &ConfigKey::key));
  for (const ConfigKey& key : keys) {
    EXPECT_EQ(find_runtime_config_key(key.key), &key);
    EXPECT_FALSE(key.help.empty()) << key.key;
    EXPECT_EQ(key.help.find('\n'), std::string_view::npos) << key.key;
  }
  EXPECT_EQ(find_runtime_config_key("topology.nonsense"), nullptr);
}

TEST(ConfigKeys, HaveDefaultsThatTheyWouldAccept) {
  for (const ConfigKey& key : runtime_config_keys()) {
    if (key.fallback.empty()) continue;
    Value value;
    switch (key.type) {
      case FieldType::boolean:
        value = key.fallback == "true";
        break;
      case FieldType::int64:
        value = std::stoll(std::string(key.fallback));
        break;
      case FieldType::float64:
        value = std::stod(std::string(key.fallback));
        break;
      default:
        value = key.fallback;
        break;
    }
    EXPECT_EQ(config_mistake(key, value), std::nullopt);
  }
}

std::string mistake(std::string_view key, const Value& value) {
  return config_mistake(*find_runtime_config_key(key), value).value_or("");
}

TEST(ConfigKeys, RefuseValuesOfAnotherType) {
  EXPECT_EQ(mistake("topology.debug", "yes"), "topology.debug: expected bool, given \"yes\"");
  EXPECT_EQ(mistake("topology.workers", 1.5), "topology.workers: expected int64, given 1.5");
  EXPECT_EQ(mistake("topology.message.timeout.secs", "soon"),
            "topology.message.timeout.secs: expected double, given \"soon\"");
  EXPECT_EQ(mistake("topology.name", List{}), "topology.name: expected string, given []");
}

TEST(ConfigKeys, TakeWhatCanBeRead) {
  EXPECT_EQ(mistake("topology.message.timeout.secs", 1), "");
  EXPECT_EQ(mistake("topology.message.timeout.secs", 0.5), "");
  EXPECT_EQ(mistake("topology.name", 7), "");
  EXPECT_EQ(mistake("topology.kryo.register", List{"a"}), "");
  EXPECT_EQ(mistake("topology.acker.executors", nullptr), "");
  EXPECT_EQ(mistake("topology.acker.executors", 0), "");
}

TEST(ConfigKeys, RefuseNumbersOutOfBounds) {
  EXPECT_EQ(mistake("topology.max.spout.pending", 0),
            "topology.max.spout.pending: expected at least 1, given 0");
  EXPECT_EQ(mistake("topology.max.tuple.bytes", std::int64_t{1} << 40),
            "topology.max.tuple.bytes: expected at most 1073741824, given 1099511627776");
  EXPECT_EQ(mistake("topology.message.timeout.secs", 0),
            "topology.message.timeout.secs: expected at least 0.001, given 0");
  EXPECT_EQ(mistake("topology.message.timeout.secs", std::nan("")),
            "topology.message.timeout.secs: expected a finite number, given null");
}

TEST(ConfigKeys, RefuseTextsThatAreNoChoice) {
  EXPECT_EQ(mistake("sink.sync", "always"), "");
  EXPECT_EQ(mistake("sink.sync", "alway"),
            "sink.sync: expected none|batch|always, given \"alway\"");
  EXPECT_EQ(mistake("rafale.output", 1), "rafale.output: expected text|json, given 1");
  EXPECT_NE(mistake("rafale.output", "text|json"), "");
}

TEST(TickInterval, IsThatInMillisecondsBeforeThatInSeconds) {
  Config config;
  EXPECT_EQ(tick_interval_ms(config), 0);
  config.set("topology.tick.tuple.freq.secs", 1.5);
  EXPECT_EQ(tick_interval_ms(config), 1500);
  config.set("topology.tick.tuple.freq.ms", 200);
  EXPECT_EQ(tick_interval_ms(config), 200);
  config.set("topology.tick.tuple.freq.ms", "soon");
  EXPECT_THROW(tick_interval_ms(config), std::invalid_argument);
}

}  // namespace
}  // namespace rafale
