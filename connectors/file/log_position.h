// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where the reader of a log stands, kept over the death of its worker.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "connectors/file/log_follower.h"

namespace rafale::connectors {

/// What rafale::SourcePosition is for files that do not change: keeps the place below which all
/// messages are complete, in a file that is there whole or as it was before. One thread at a time,
/// the task's. Errors throw std::runtime_error, naming the file.
class LogPosition {
 public:
  /// Of the task `component`-`task_index` in `dir`, which is made if it is missing; empty: nothing
  /// is kept. `every_ms`: the file is written at most that often.
  LogPosition(const std::string& dir, const std::string& component, std::uint32_t task_index,
              std::int64_t every_ms = 200);

  /// Where to begin; nothing at the first start.
  const std::optional<LogPlace>& begin() const { return begin_; }
  /// A message was emitted for the line behind which `place` is. In the order of the lines; returns
  /// the message's number, from 0.
  std::uint64_t add(const LogPlace& place);
  /// The message is complete. In any order, once.
  void complete(std::uint64_t number);
  /// Lines of messages that were added and are above the first that is not complete.
  std::size_t span() const { return open_.size(); }
  /// Writes the file if it is due and something changed.
  void keep(std::int64_t now_ms);
  /// Writes it now if something changed.
  void keep_now();

 private:
  struct Open {
    LogPlace place;
    bool complete = false;
  };

  std::string path_;  // empty: nothing is kept
  std::int64_t every_ms_;
  std::optional<LogPlace> begin_;
  std::deque<Open> open_;  // messages from first_ on
  std::uint64_t first_ = 0;
  LogPlace reached_;
  LogPlace kept_;
  std::int64_t kept_at_ms_ = 0;
};

}  // namespace rafale::connectors
