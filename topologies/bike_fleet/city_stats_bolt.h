// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Statistics of cities, from readings to files.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/file/line_writer.h"
#include "connectors/file/unsaved_tuples.h"
#include "connectors/kafka/kafka_writer.h"
#include "rafale/bolt.h"
#include "topologies/bike_fleet/city_stats.h"

namespace rafale::bikes {

/// Writes each window of a city when it is due: a line to DIR/city_stats-INDEX.jsonl and one to
/// DIR/city_stats-CITY.csv, and a record to a topic of Kafka, with the city as its key, if there is
/// one. Records that came too late for their window go to DIR/city_stats_late-INDEX.jsonl and count
/// in no other.
///
/// Windows last longer than a tuple may be open. So what is counted and not yet written goes to
/// DIR/city_stats-INDEX.state twice a second (see write_durably), and only then are its tuples
/// acked: neither timeouts nor topology.max.spout.pending bound the length of a window, and after a
/// crash the file and what comes again add up. A window that is still open when the topology ends
/// is written as it is, and once more, with more records, if the topology goes on later: the last
/// line of a window is the one to believe, also after a crash. Wants ticks.
class CityStatsBolt final : public Bolt {
 public:
  /// How often it wants ticks.
  static constexpr std::int64_t kTickMs = 500;
  struct Options {
    std::string directory;
    std::int64_t window_ms = 300'000;
    std::int64_t lag_ms = 0;
    std::int64_t idle_ms = 10'000;
    /// The source gives a record the same position after a restart.
    bool steady_positions = true;
    /// Where the windows go as well; without a topic nowhere.
    connectors::KafkaWriterOptions kafka{};
  };

  explicit CityStatsBolt(Options options) : options_(std::move(options)) {}

  void prepare(TaskContext& context, BoltCollector& out) override;
  void execute(const Tuple& in, BoltCollector& out) override;
  void cleanup() override;

 private:
  /// A file and what is still to be written to it.
  struct Output {
    explicit Output(const std::string& path);
    void write();

    connectors::LineWriter writer;
    std::string text;
  };

  void load();
  void add_lines(const std::vector<CityWindow>& windows);
  Output& csv_of(const std::string& contract);
  void write_outputs();
  bool has_news() const;
  void save();
  void save_and_ack(BoltCollector& out);
  void note_late(const StandsReading& reading);

  Options options_;
  std::string prefix_, suffix_, state_path_;
  std::uint32_t tasks_ = 1;
  Field<std::string_view> contract_, number_;
  Field<std::int64_t> position_, at_, stands_;
  Counter* counted_ = nullptr;
  Counter* late_count_ = nullptr;
  Counter* repeated_ = nullptr;
  std::optional<CityStats> stats_;
  std::optional<Output> lines_, late_;
  std::unique_ptr<connectors::KafkaWriter> kafka_;
  std::deque<std::pair<std::string, std::string>> to_kafka_;  // city and line
  std::map<std::string, Output> csv_;                         // by contract
  connectors::UnsavedTuples waiting_;                         // counted, and not yet saved
  bool unfinished_ = false;  // the last save() did not come to its end
};

}  // namespace rafale::bikes
