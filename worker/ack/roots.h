// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The roots of one row, and their way from input batches into output batches.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rafale/tuple.h"
#include "worker/batch/batch.h"
#include "worker/batch/run.h"

namespace rafale::worker {

/// The roots that a row hangs on. The common case, one root, needs no memory.
struct Roots {
  Root one;
  const Root* many = nullptr;  ///< not owned
  std::uint32_t count = 0;

  static Roots none() { return {}; }
  static Roots of(const Root& root) { return {root, nullptr, 1}; }
  static Roots of(std::span<const Root> roots) {
    return roots.size() == 1 ? of(roots[0])
                             : Roots{{}, roots.data(), static_cast<std::uint32_t>(roots.size())};
  }
  std::span<const Root> all() const {
    return many != nullptr ? std::span(many, count) : std::span(&one, count);
  }
};

/// Walks the rows of a batch and knows the roots of each.
class RunCursor {
 public:
  /// Before row 0.
  void start(const Batch& batch);
  /// To row `row`; rows are visited in order, none is left out.
  void move_to(std::uint32_t row) {
    if (row < run_end_) [[likely]] {
      seq_ += deltas_ != nullptr ? deltas_[row - run_->first_row] : 1;
      roots_.one.seq = seq_;
      return;
    }
    next_run(row);
  }
  /// Of the present row; valid until the next move_to().
  const Roots& roots() const { return roots_; }
  /// The right to ack the present row, number `row`, when the row itself is gone.
  Anchor anchor(std::uint32_t row) const;

 private:
  void next_run(std::uint32_t row);

  const Batch* batch_ = nullptr;
  const Run* run_ = nullptr;  // covers the present row if row < run_end_
  std::uint32_t next_ = 0;    // index of the first run not entered
  std::uint32_t first_ = 0;   // of the runs of the present row, [first_, next_)
  std::uint32_t run_end_ = 0;
  const std::uint8_t* deltas_ = nullptr;
  std::uint64_t seq_ = 0;
  Roots roots_;
  std::vector<Root> many_;
};

/// Source of edge ids: 64 random bits each. A counter would not do: mix64 of near edges collides.
class EdgeSource {
 public:
  explicit EdgeSource(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    return mix64(state_) | 1;
  }

 private:
  std::uint64_t state_;
};

/// Appends anchors to the runs of one out-batch after another. Remembers whether roots tend to
/// repeat (a bolt that emits several tuples for each input), as a run is derived from its opening
/// or never.
class RunAppender {
 public:
  /// Anchors the row just written, number batch.rows - 1, to `root`; returns the edge it got.
  std::uint64_t add(Batch& batch, const Root& root, EdgeSource& edges) {
    if (!batch.runs.empty()) [[likely]] {
      Run& run = batch.runs.back();
      const std::uint64_t delta = root.seq - last_seq_;
      if (run.spout == root.spout && run.first_row + run.n + 1u == batch.rows && delta <= 255 &&
          !closed_) [[likely]] {
        if (delta == 1 && run.deltas == 0) [[likely]] {
          ++run.n;
          last_seq_ = root.seq;
          return run.edge_of_row(static_cast<std::uint16_t>(batch.rows - 1));
        }
        if (delta > 0 || run.derived()) {
          repeated_ |= delta == 0;
          extend(batch, run, static_cast<std::uint8_t>(delta));
          last_seq_ = root.seq;
          return run.edge_of_row(static_cast<std::uint16_t>(batch.rows - 1));
        }
        repeats_ = repeated_ = true;
      }
    }
    return open(batch, root, edges, repeats_);
  }
  /// A new batch begins.
  void restart() {
    closed_ = true;
    repeats_ = repeated_;
    repeated_ = false;
  }
  /// Anchors the row to several roots: a run for each, which returns by `edge(root, edge)`.
  template <class F>
  void add_many(Batch& batch, std::span<const Root> roots, EdgeSource& edges, F edge) {
    for (const Root& root : roots) {
      edge(root, open(batch, root, edges, false));
    }
    closed_ = true;
  }

 private:
  std::uint64_t open(Batch& batch, const Root& root, EdgeSource& edges, bool derived);
  static void extend(Batch& batch, Run& run, std::uint8_t delta);

  std::uint64_t last_seq_ = 0;
  bool repeats_ = false;   // runs are opened derived
  bool repeated_ = false;  // a root came twice since the last restart
  bool closed_ = true;     // the last run takes no more rows
};

}  // namespace rafale::worker
