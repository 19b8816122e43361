// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One function for each group of settings.
#include "topologies/bike_fleet/options.h"

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <system_error>

#include "connectors/file/output_directory.h"
#include "connectors/kafka/kafka_options.h"

namespace rafale::bikes {
namespace {

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) {
      parts.emplace_back(list.substr(0, comma));
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

/// Settings that only make sense with another one must not be given without it.
void refuse_without(TopologyBuilder& builder, bool present, std::string_view needed,
                    std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (!present && builder.given().contains(key)) {
      builder.mistake(std::string(key) + " has an effect only with " + std::string(needed));
    }
  }
}

std::int64_t in_range(TopologyBuilder& builder, const char* key, std::int64_t value,
                      std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) {
    return value;
  }
  builder.mistake(std::string(key) + " is " + std::to_string(value) + "; it must be " +
                  std::to_string(least) + " to " + std::to_string(most));
  return least;
}

void read_source(TopologyBuilder& builder, Options& options) {
  const bool has_file = builder.given().contains("bikes.file");
  const auto source = builder.option(
      "bikes.source", has_file ? "file" : "simulator",
      "where records come from: simulator, file (the default with bikes.file), http, or kafka");
  if (source == "file") {
    options.source = Options::Source::file;
  } else if (source == "http") {
    options.source = Options::Source::http;
  } else if (source == "kafka") {
    options.source = Options::Source::kafka;
  } else if (source != "simulator") {
    builder.mistake("bikes.source is '" + source + "'; it must be simulator, file, http or kafka");
  }
  const bool simulated = options.source == Options::Source::simulator;
  refuse_without(builder, options.source == Options::Source::file, "bikes.source=file",
                 {"bikes.file", "bikes.memory"});
  refuse_without(builder, !simulated, "bikes.source=file, http or kafka", {"bikes.contract"});
  refuse_without(builder, !simulated && options.source != Options::Source::http,
                 "bikes.source=file or kafka", {"bikes.format"});
  refuse_without(builder, simulated || options.source == Options::Source::file,
                 "bikes.source=simulator or file", {"bikes.speed"});
  refuse_without(builder, options.source == Options::Source::http, "bikes.source=http",
                 {"bikes.http.api", "bikes.http.url", "bikes.http.contracts", "bikes.http.key.file",
                  "bikes.http.interval.secs"});
  refuse_without(builder, simulated, "bikes.source=simulator",
                 {"bikes.sim.cities", "bikes.sim.stations", "bikes.sim.hour", "bikes.sim.records"});
}

void read_http(TopologyBuilder& builder, Options& options) {
  HttpSource::Options& http = options.http;
  const auto api = builder.option("bikes.http.api", "jcdecaux-v1",
                                  "what the server speaks: jcdecaux-v1, jcdecaux-v3 or gbfs");
  const auto known = parse_format(api);
  if (!known || *known == Format::automatic) {
    builder.mistake("bikes.http.api is '" + api + "'; it must be jcdecaux-v1, jcdecaux-v3 or gbfs");
  }
  http.api = known.value_or(Format::jcdecaux_v1);
  http.url = builder.option("bikes.http.url", "https://api.jcdecaux.com",
                            "the server; for gbfs the URL of its gbfs.json");
  http.contracts = split(builder.option("bikes.http.contracts", "",
                                        "contracts to ask JCDecaux for, with commas; else all"));
  http.key_file = builder.option("bikes.http.key.file", "",
                                 "file with the API key; else the variable JCDECAUX_API_KEY");
  const auto interval = builder.option("bikes.http.interval.secs", 60.0, "pause between two polls");
  if (!(interval >= 0.01 && interval <= 86'400)) {
    builder.mistake("bikes.http.interval.secs must be 0.01 to 86400");
  } else {
    http.interval_ms = static_cast<std::int64_t>(interval * 1000);
  }
  if (options.source != Options::Source::http) return;
  options.format = http.api;
  options.speed = 0;
  if (http.api == Format::gbfs && options.contract.empty()) {
    builder.mistake("bikes.http.api=gbfs needs bikes.contract, as GBFS records name no contract");
  }
}

void read_kafka(TopologyBuilder& builder, Options& options) {
  const connectors::KafkaSettings client = connectors::read_kafka_settings(builder);
  options.kafka =
      connectors::read_kafka_spout(builder, client, "kafka", "velib-stations", "bike-fleet");
  if (options.source == Options::Source::kafka) {
    connectors::require_one_topic(builder, options.kafka.topics);
  }
  connectors::read_kafka_dead_letters(builder, client);
  options.kafka_sink.client = client;
  options.empty_topic = builder.option("bikes.kafka.empty", "empty-stations",
                                       "topic of stations that become empty or are no longer");
  options.delta_topic = builder.option("bikes.kafka.deltas", "",
                                       "topic of deltas; none: they are not written to Kafka");
}

void read_files(TopologyBuilder& builder, Options& options) {
  options.files = split(builder.option(
      "bikes.file", "",
      "files to read, one JSON object on a line, plain or .zst; several with commas"));
  if (options.source == Options::Source::file && options.files.empty()) {
    builder.mistake("bikes.source=file needs bikes.file, the file to read");
  }
  for (const std::string& file :
       options.source == Options::Source::file ? options.files : std::vector<std::string>()) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (!std::filesystem::exists(status)) {
      builder.mistake("bikes.file: there is no file '" + file + "'");
    } else if (std::filesystem::is_directory(status)) {
      builder.mistake("bikes.file: '" + file + "' is a directory");
    }
  }
  const auto format =
      builder.option("bikes.format", "auto",
                     "auto (by the keys of each record), jcdecaux-v1, jcdecaux-v3 or gbfs");
  if (const auto known = parse_format(format)) {
    options.format = *known;
  } else {
    builder.mistake("bikes.format is '" + format +
                    "'; it must be auto, jcdecaux-v1, jcdecaux-v3 or gbfs");
  }
  options.contract =
      builder.option("bikes.contract", "", "contract of GBFS records, which name none");
  if (options.format == Format::gbfs && options.contract.empty()) {
    builder.mistake("bikes.format=gbfs needs bikes.contract, as GBFS records name no contract");
  }
  options.in_memory =
      builder.option("bikes.memory", false, "read the files into memory before the first record");
}

void read_restart(TopologyBuilder& builder, Options& options) {
  options.position_dir = builder.option(
      "source.position", "",
      "directory in which the feed's position is kept over a restart; Kafka keeps its own");
  const bool kafka = options.source == Options::Source::kafka;
  if (kafka && !options.position_dir.empty()) {
    builder.mistake("source.position has no effect with bikes.source=kafka");
  }
  options.keep_state = !builder.given().get<std::string>("topology.state.dir", "").empty();
  if (options.keep_state && !kafka && options.position_dir.empty()) {
    builder.mistake(
        "topology.state.dir needs source.position: else a restart brings records under positions "
        "that the stations have seen");
  }
}

void read_pace(TopologyBuilder& builder, Options& options) {
  options.speed =
      builder.option("bikes.speed", options.source == Options::Source::simulator ? 600.0 : 0.0,
                     "recorded or simulated seconds in one second; 0: as fast as "
                     "possible (the default for files)");
  if (!(options.speed >= 0 && options.speed <= 1e9)) {
    builder.mistake("bikes.speed must be 0 to 1000000000");
    options.speed = 0;
  }
  const std::int64_t seed =
      builder.option("bikes.seed", 1, "of everything random: the same seed gives the same run");
  options.seed = static_cast<std::uint64_t>(seed);
  options.simulator.seed = seed;
}

void read_simulator(TopologyBuilder& builder, Options& options) {
  Simulator::Options& sim = options.simulator;
  sim.cities = split(builder.option("bikes.sim.cities", "lyon,nantes,toulouse",
                                    "contracts to simulate, the largest first"));
  if (sim.cities.empty()) {
    builder.mistake("bikes.sim.cities names no city");
  }
  sim.stations =
      in_range(builder, "bikes.sim.stations",
               builder.option("bikes.sim.stations", 240, "stations of the first simulated city"), 1,
               100'000);
  sim.hour = in_range(builder, "bikes.sim.hour",
                      builder.option("bikes.sim.hour", 6, "hour at which the simulated day begins"),
                      0, 23);
  sim.records = in_range(
      builder, "bikes.sim.records",
      builder.option("bikes.sim.records", 0, "records after which the simulator ends; 0: never"), 0,
      std::int64_t{1} << 40);
}

void read_processing(TopologyBuilder& builder, Options& options) {
  options.parallelism = static_cast<std::uint32_t>(in_range(
      builder, "bikes.parallelism",
      builder.option("bikes.parallelism", 1, "executors of parse, station, city and file sinks"), 1,
      1024));
  options.emit_initial = builder.option(
      "bikes.emit_initial", true, "count a station's first record as a change from zero bikes");
  options.fail = builder.option(
      "bikes.fail", 0.0, "probability with which parse fails a record on purpose; a testing aid");
  if (!(options.fail >= 0 && options.fail < 1)) {
    builder.mistake("bikes.fail must be at least 0 and below 1");
    options.fail = 0;
  }
}

void read_sink(TopologyBuilder& builder, Options& options) {
  const auto sink =
      builder.option("bikes.sink", options.output.empty() ? "console" : "file",
                     "where events go: console, file (the default with bikes.output), or kafka");
  if (sink == "file") {
    options.sink = Options::Sink::file;
  } else if (sink == "kafka") {
    options.sink = Options::Sink::kafka;
  } else if (sink != "console") {
    builder.mistake("bikes.sink is '" + sink + "'; it must be console, file or kafka");
  }
  if (options.sink == Options::Sink::file && options.output.empty()) {
    builder.mistake("bikes.sink=file needs bikes.output, the directory to write to");
  }
}

void read_stats(TopologyBuilder& builder, Options& options) {
  constexpr double kMs = 1000;
  const auto seconds = [&builder](const char* key, double fallback, double least,
                                  const char* help) {
    const auto value = builder.option(key, fallback, help);
    if (!(value >= least && value <= 31'536'000)) {
      builder.mistake(std::string(key) + " must be " + (least > 0 ? "0.001" : "0") +
                      " to 31536000");
      return static_cast<std::int64_t>(fallback * kMs);
    }
    return static_cast<std::int64_t>(value * kMs);
  };
  CityStatsBolt::Options& stats = options.stats;
  stats.directory = builder.option(
      "bikes.stats", "", "directory for statistics of each city: JSON lines, a CSV file per city");
  stats.window_ms = seconds("bikes.stats.window.secs", 300.0, 0.001, "length of their windows");
  stats.lag_ms = seconds("bikes.stats.lag.secs", 0.0, 0,
                         "how far behind the latest record others may be and not be late");
  stats.idle_ms = seconds("bikes.stats.idle.secs", 10.0, 0,
                          "silence after which nobody waits for a parse task's records");
  stats.steady_positions =
      options.source == Options::Source::file || options.source == Options::Source::kafka;
  stats.kafka = {.client = options.kafka_sink.client,
                 .topic = builder.option("bikes.stats.topic", "",
                                         "topic of Kafka for the windows as well; none: no topic")};
  refuse_without(builder, !stats.directory.empty(), "bikes.stats",
                 {"bikes.stats.window.secs", "bikes.stats.lag.secs", "bikes.stats.idle.secs",
                  "bikes.stats.topic"});
}

void read_output(TopologyBuilder& builder, Options& options) {
  options.output = builder.option(
      "bikes.output", "", "directory for events*.jsonl, trace*.jsonl and dead_letters.jsonl");
  read_sink(builder, options);
  options.trace = builder.option("bikes.trace", false,
                                 "also write trace*.jsonl: each record that reached its station");
  // Settings of the runtime's, which reports a wrong value itself.
  const Value* append = builder.given().find("sink.append");
  options.file_sink.append = append != nullptr && append->as<bool>() && *append->as<bool>();
  options.file_sink.sync =
      connectors::parse_sync(builder.given().get<std::string>("sink.sync", "none"))
          .value_or(connectors::Sync::none);
  refuse_without(builder, !options.output.empty(), "bikes.output", {"bikes.trace"});
  if (options.output.empty()) {
    return;
  }
  const std::string refusal =
      connectors::refuse_output_directory(options.output, options.file_sink.append);
  if (!refusal.empty()) {
    builder.mistake("bikes.output: " + refusal +
                    "; choose another one, or add to it with --append");
  }
}

}  // namespace

Options read_source_options(TopologyBuilder& builder) {
  Options options;
  read_source(builder, options);
  read_files(builder, options);
  read_pace(builder, options);
  read_simulator(builder, options);
  read_http(builder, options);
  return options;
}

Options read_options(TopologyBuilder& builder) {
  Options options = read_source_options(builder);
  read_kafka(builder, options);
  read_restart(builder, options);
  read_processing(builder, options);
  read_output(builder, options);
  read_stats(builder, options);
  return options;
}

}  // namespace rafale::bikes
