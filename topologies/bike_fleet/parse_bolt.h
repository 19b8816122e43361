// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Understands the records of the feed, and buries those that nobody can.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rafale/bolt.h"
#include "topologies/bike_fleet/random.h"
#include "topologies/bike_fleet/record_parser.h"

namespace rafale::bikes {

/// From raw_schema() to reading_schema(), grouped by station on both sides. A record that is none
/// is one dead letter with its reason, source and position, and its tuple is acked.
class ParseBolt final : public BasicBolt {
 public:
  struct Options {
    Format format = Format::automatic;
    std::string contract;                   ///< of GBFS records
    std::vector<std::string> source_names;  ///< see RecordSource::names()
    std::string topic;                      ///< not empty: positions are those of kafka_feed.h
    bool address = false;                   ///< whether readings carry the address
    bool stands = false;                    ///< the stream "stands" is wanted
    double fail = 0;  ///< probability with which a tuple fails for no reason, to test what follows
    std::uint64_t seed = 1;
  };

  explicit ParseBolt(Options options);

  void prepare(TaskContext& context) override;
  void execute(const Tuple& in, BasicCollector& out) override;

 private:
  void emit_stands(BasicCollector& out, const StationRecord& record, std::int64_t position);
  void bury(BasicCollector& out, std::int64_t position, std::string_view reason,
            std::string_view record);

  Options options_;
  std::unique_ptr<RecordParser> parser_;
  Random random_{0};
  StreamId stands_;
  Counter* without_stands_ = nullptr;
  Field<std::string_view> contract_, number_, record_;
  Field<std::int64_t> position_;
  Field<std::string_view> unreadable_reason_, unreadable_record_;
  Field<std::int64_t> unreadable_position_;
};

}  // namespace rafale::bikes
