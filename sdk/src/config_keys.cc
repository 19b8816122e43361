// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The table of the runtime's settings, and the check of a value against it.
#include "rafale/config_keys.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

namespace rafale {
namespace {

constexpr std::string_view kNoJvm = "there is no JVM to configure; ignored";
constexpr std::string_view kNoKryo = "tuples are never serialized as objects; ignored";
constexpr std::string_view kOwnQueues =
    "queues hold batches here; see "
    "topology.executor.receive.buffer.batches; ignored";
constexpr double kForever = 1e9;  // seconds
constexpr double kForeverMs = 1e12;
constexpr double kGiB = 1 << 30;

// In the order of their names.
constexpr ConfigKey kKeys[] = {
    {"rafale.output", FieldType::string, "text", "how a console sink prints", "", "text|json"},
    {"rafale.tty", FieldType::boolean, "false", "whether a console sink may redraw the screen", ""},
    {"sink.append", FieldType::boolean, "false",
     "write into an output directory that is not empty; --append sets it", ""},
    {"sink.sync", FieldType::string, "none", "when a file sink calls fsync before it acks", "",
     "none|batch|always"},
    {"topology.acker.executors", FieldType::int64, "",
     "0: tuples are not followed and count as acked when emitted",
     "acks are kept where the spout runs, so every number but 0 means the same", "", 0},
    {"topology.dead.letters.dir", FieldType::string, "",
     "directory of dead_letters.jsonl; none: a directory of the user's state", ""},
    {"topology.debug", FieldType::boolean, "false", "log every tuple", ""},
    {"topology.executor.receive.buffer.batches", FieldType::int64, "64",
     "batches that wait for an executor before its producers pause", "", "", 2, 65536},
    {"topology.executor.receive.buffer.size", FieldType::null, "", "tuples per receive queue",
     kOwnQueues},
    {"topology.executor.send.buffer.size", FieldType::null, "", "tuples per send queue",
     kOwnQueues},
    {"topology.fuse", FieldType::boolean, "true",
     "whether a bolt may run inside the turn of its only producer", ""},
    {"topology.kryo.decorators", FieldType::null, "", "Java serialization", kNoKryo},
    {"topology.kryo.register", FieldType::null, "", "Java serialization", kNoKryo},
    {"topology.max.attempts", FieldType::int64, "5",
     "emits of one message before it goes to the dead letters", "", "", 1, 1e9},
    {"topology.max.held.bytes", FieldType::int64, "67108864",
     "rows that one task may keep with hold(), in bytes", "", "", 0},
    {"topology.max.spout.pending", FieldType::int64, "65536", "open messages per spout task", "",
     "", 1, 1e9},
    {"topology.max.task.parallelism", FieldType::int64, "", "most executors of any component", "",
     "", 1},
    {"topology.max.tuple.bytes", FieldType::int64, "8388608", "largest row, in bytes", "", "", 64,
     kGiB},
    {"topology.message.timeout.secs", FieldType::float64, "30",
     "a message that is not processed by then fails; fractions are allowed", "", "", 0.001,
     kForever},
    {"topology.name", FieldType::string, "", "name of the topology", ""},
    {"topology.replay.backoff.max.ms", FieldType::int64, "10000",
     "longest pause before a failed message is emitted again", "", "", 0, kForeverMs},
    {"topology.replay.backoff.ms", FieldType::int64, "100",
     "pause before a failed message is emitted again; doubles with every failure", "", "", 0,
     kForeverMs},
    {"topology.skip.missing.kryo.registrations", FieldType::null, "", "Java serialization",
     kNoKryo},
    {"topology.state.checkpoint.interval.ms", FieldType::int64, "1000",
     "pause between two snapshots of keyed state", "", "", 1, kForeverMs},
    {"topology.state.dir", FieldType::string, "",
     "directory of keyed state, which stays on its machine: a task that moves starts empty; none: "
     "state is in memory only",
     ""},
    {"topology.stats.sample.rate", FieldType::null, "", "share of tuples that are counted",
     "counters are exact; ignored"},
    {"topology.tick.tuple.freq.ms", FieldType::int64, "", "pause between two tick tuples", "", "",
     1, kForeverMs},
    {"topology.tick.tuple.freq.secs", FieldType::float64, "",
     "pause between two tick tuples; topology.tick.tuple.freq.ms wins", "", "", 0.001, kForever},
    {"topology.transfer.buffer.size", FieldType::null, "", "tuples per transfer queue", kOwnQueues},
    {"topology.worker.childopts", FieldType::null, "", "options of the JVM", kNoJvm},
    {"topology.worker.gc.childopts", FieldType::null, "", "options of the JVM", kNoJvm},
    {"topology.worker.logwriter.childopts", FieldType::null, "", "options of the JVM", kNoJvm},
    {"topology.worker.max.heap.size.mb", FieldType::null, "", "heap of the JVM", kNoJvm},
    {"topology.worker.threads", FieldType::int64, "0",
     "threads of a worker's executor pool; 0: one per core", "", "", 0, 4096},
    {"topology.workers", FieldType::int64, "1", "processes that share the topology", "", "", 1,
     65536},
    {"worker.childopts", FieldType::null, "", "options of the JVM", kNoJvm},
    {"worker.gc.childopts", FieldType::null, "", "options of the JVM", kNoJvm},
    {"worker.heap.memory.mb", FieldType::null, "", "heap of the JVM", kNoJvm},
};

bool has_type(FieldType type, const Value& v) {
  const bool integer = v.as<std::int64_t>() != nullptr;
  const bool number = integer || v.as<double>() != nullptr;
  const bool boolean = v.as<bool>() != nullptr;
  switch (type) {
    case FieldType::null:
      return true;
    case FieldType::boolean:
      return boolean;
    case FieldType::int64:
      return integer;
    case FieldType::float64:
      return number;
    case FieldType::string:
      return number || boolean || v.as<std::string>() != nullptr;
    default:
      return false;
  }
}

bool is_choice(std::string_view choices, std::string_view text) {
  while (true) {
    const std::size_t end = choices.find('|');
    if (choices.substr(0, end) == text) return true;
    if (end == std::string_view::npos) return false;
    choices.remove_prefix(end + 1);
  }
}

std::string number_text(double v) {
  const auto whole = static_cast<std::int64_t>(v);
  return v == static_cast<double>(whole) ? std::to_string(whole) : Value(v).to_json();
}

// What is wrong with the size of a number, as what was expected; empty if nothing is.
std::string size_mistake(const ConfigKey& key, double number) {
  if (!std::isfinite(number)) return "a finite number";
  if (number < key.at_least) return "at least " + number_text(key.at_least);
  if (number > key.at_most) return "at most " + number_text(key.at_most);
  return {};
}

}  // namespace

std::span<const ConfigKey> runtime_config_keys() { return kKeys; }

const ConfigKey* find_runtime_config_key(std::string_view key) {
  const auto* at = std::ranges::lower_bound(kKeys, key, {}, &ConfigKey::key);
  return at != std::end(kKeys) && at->key == key ? at : nullptr;
}

std::optional<std::string> config_mistake(const ConfigKey& key, const Value& value) {
  const auto mistake = [&](const std::string& expected) {
    return std::string(key.key) + ": expected " + expected + ", given " + value.to_json();
  };
  if (value.is_null()) return std::nullopt;
  if (!has_type(key.type, value)) return mistake(std::string(to_string(key.type)));
  if (!key.choices.empty()) {
    const auto* text = value.as<std::string>();
    if (text == nullptr || !is_choice(key.choices, *text)) {
      return mistake(std::string(key.choices));
    }
  }
  if (key.type != FieldType::int64 && key.type != FieldType::float64) return std::nullopt;
  const auto* real = value.as<double>();
  const double number = real != nullptr ? *real : static_cast<double>(*value.as<std::int64_t>());
  const std::string expected = size_mistake(key, number);
  return expected.empty() ? std::nullopt : std::optional(mistake(expected));
}

std::int64_t tick_interval_ms(const Config& config) {
  const auto in_seconds = config.get<double>("topology.tick.tuple.freq.secs", 0);
  return config.get<std::int64_t>("topology.tick.tuple.freq.ms",
                                  static_cast<std::int64_t>(in_seconds * 1000));
}

}  // namespace rafale
