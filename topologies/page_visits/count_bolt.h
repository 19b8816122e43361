// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counts visits by one of their fields, each visit once, also over the death of its process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connectors/file/unsaved_tuples.h"
#include "rafale/bolt.h"
#include "topologies/page_visits/report.h"
#include "topologies/page_visits/seen_positions.h"

namespace rafale::visits {

/// Counts and the positions that are in them, of one task.
///
/// With a directory they are written to DIR/NAME-INDEX.json as a whole, once a second and when the
/// input is drained (temporary file, fsync, rename), and only then are the tuples in them acked. So
/// after a crash the file and the replays of what was not acked add up to exact counts. Without one
/// tuples are acked at once. Wants ticks.
class CountBolt final : public Bolt {
 public:
  struct Options {
    std::string field;      ///< of the visit
    std::string name;       ///< of the file, and of the report's part
    std::string directory;  ///< empty: nothing is written
    std::shared_ptr<Report> report;
  };

  explicit CountBolt(Options options) : options_(std::move(options)) {}

  void prepare(TaskContext& context, BoltCollector& out) override;
  void execute(const Tuple& in, BoltCollector& out) override;
  void cleanup() override;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  void load();
  void save();
  void save_and_ack(BoltCollector& out);

  Options options_;
  std::string path_;
  std::uint32_t tasks_ = 1;
  Field<std::string_view> key_;
  Field<std::int64_t> source_, position_;
  Counter* repeated_ = nullptr;
  std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>> counts_;
  std::map<std::int64_t, SeenPositions> seen_;  // by source
  connectors::UnsavedTuples waiting_;           // tuples that are counted and not yet saved
};

}  // namespace rafale::visits
