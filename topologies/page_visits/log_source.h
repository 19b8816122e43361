// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The spouts: lines of a log from a file, or from a topic of Kafka.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "connectors/file/line_reader.h"
#include "connectors/file/log_follower.h"
#include "connectors/file/log_position.h"
#include "connectors/kafka/kafka_spout.h"
#include "rafale/replay_spout.h"
#include "rafale/schema.h"
#include "rafale/source_position.h"

namespace rafale::visits {

/// What both emit: source (the partition, 0 for a file), position in it, line.
Schema line_schema();

/// The lines of a file, plain or .zst, once. One task. With a directory for its position it goes on
/// after a restart at the first line that was not complete.
class LogFile final : public ReplaySpout {
 public:
  LogFile(std::string file, std::string position_dir)
      : file_(std::move(file)), position_dir_(std::move(position_dir)) {}

  void close() override;

 protected:
  void start(SpoutContext& context) override;
  Next produce(ReplayCollector& out) override;
  void completed(std::uint64_t number) override;
  Description describe(const Tuple& row) override;

 private:
  std::string file_, position_dir_;
  std::optional<connectors::LineReader> reader_;
  std::optional<SourcePosition> position_;
  std::uint64_t begin_ = 0;  // position of message 0
};

/// The lines of a log as it grows, across its rotations; for ever. One task. With a directory for
/// its position it goes on after a restart where it stood, also when the log was rotated meanwhile.
class GrowingLog final : public ReplaySpout {
 public:
  GrowingLog(std::string file, std::string position_dir)
      : file_(std::move(file)), position_dir_(std::move(position_dir)) {}

  void close() override;

 protected:
  void start(SpoutContext& context) override;
  Next produce(ReplayCollector& out) override;
  void completed(std::uint64_t number) override;
  Description describe(const Tuple& row) override;

 private:
  std::string file_, position_dir_;
  std::optional<connectors::LogFollower> log_;
  std::optional<connectors::LogPosition> position_;
};

/// The records of a topic.
class LogTopic final : public connectors::KafkaSpout {
 public:
  using KafkaSpout::KafkaSpout;

 protected:
  void emit(const connectors::KafkaRecord& record, connectors::KafkaCollector& out) override;
  Description describe(const Tuple& row) override;
};

}  // namespace rafale::visits
