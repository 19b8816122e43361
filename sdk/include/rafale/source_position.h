// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where a finite source stands, kept over the death of its worker.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "rafale/export.h"

namespace rafale {

/// For one spout task whose source can be read again from any position: keeps the position below
/// which all messages are complete, in a file that is there whole or as it was before (temporary
/// file, fsync, rename). After a restart the task begins there; messages above that were complete
/// already come again, so at least once holds and nothing is left out.
///
/// Positions are numbered from 0 without gaps, in the order of emission. One thread at a time, the
/// task's. Errors throw std::runtime_error, naming the file.
///
///   void start(SpoutContext& context) override {
///     position_.emplace(dir, context);                  // dir is empty: nothing is kept
///     next_ = position_->begin();
///   }
///   Next produce(ReplayCollector& out) override { first_ = out.emit(line(next_++)) ... }
///   void completed(std::uint64_t number) override { position_->complete(position_of(number)); }
class RAFALE_API SourcePosition {
 public:
  /// Of the task `component`-`task_index` in `dir`, which is made if it is missing. `every_ms`: the
  /// file is written at most that often.
  SourcePosition(std::string dir, const std::string& component, std::uint32_t task_index,
                 std::int64_t every_ms = 200);

  /// The position to begin at: 0, or what the file says.
  std::uint64_t begin() const { return begin_; }
  /// All positions below are complete.
  std::uint64_t reached() const { return reached_; }
  /// The message at `position` is complete. In any order; repetition does nothing.
  void complete(std::uint64_t position);
  /// Writes the file if it is due and something changed. `now_ms`: SpoutContext::now_ms().
  void keep(std::int64_t now_ms);
  /// Writes it now if something changed; for close().
  void keep_now();

 private:
  std::string path_;  // empty: nothing is kept
  std::int64_t every_ms_;
  std::uint64_t begin_ = 0;
  std::uint64_t reached_ = 0;
  std::uint64_t kept_ = 0;
  std::int64_t kept_at_ms_ = 0;
  std::set<std::uint64_t> ahead_;  // complete, with gaps below
};

}  // namespace rafale
