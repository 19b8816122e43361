// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sinks that write tuples as JSON lines, to files or to standard output.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "connectors/file/line_sink.h"
#include "rafale/bolt.h"
#include "topologies/bike_fleet/fleet_event.h"

namespace rafale::bikes {

/// Turns one kind of tuple into lines.
class LineFormat {
 public:
  virtual ~LineFormat() = default;
  /// Before the first append().
  virtual void prepare(TaskContext& context) = 0;
  /// Appends whole lines, each with its line feed; or nothing.
  virtual void append(const Tuple& tuple, std::string& to) = 0;
};

/// The events of the city bolt.
class EventFormat final : public LineFormat {
 public:
  void prepare(TaskContext& context) override;
  void append(const Tuple& tuple, std::string& to) override;

 private:
  FleetEventReader reader_;
};

/// What the station bolt says of each record: {"contract":..,"number":..,"position":..,"stale":..}.
class TraceFormat final : public LineFormat {
 public:
  void prepare(TaskContext& context) override;
  void append(const Tuple& tuple, std::string& to) override;

 private:
  Field<std::string_view> contract_, number_;
  Field<std::int64_t> position_;
  Field<bool> stale_;
};

/// Writes lines and acks each tuple when its lines are where they belong. Wants ticks. What cannot
/// be written to a file is held until it can: the station bolt has already moved on, so that a
/// replay would be stale there and its event lost. Standard output that is gone stays gone: its
/// tuples fail.
class JsonlSink final : public Bolt {
 public:
  struct Options {
    std::string directory;  ///< where each task writes STEM-INDEX.jsonl; empty: standard output
    std::string stem = "events";
    connectors::LineWriter::Options file;
  };

  JsonlSink(Options options, std::unique_ptr<LineFormat> format);

  void prepare(TaskContext& context, BoltCollector& out) override;
  void execute(const Tuple& in, BoltCollector& out) override;
  void flush(BoltCollector& out) override;

 private:
  Options options_;
  std::unique_ptr<LineFormat> format_;
  std::optional<connectors::LineSink> sink_;  // from prepare() on
};

}  // namespace rafale::bikes
