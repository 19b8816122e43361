// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Keeps the true trees of a simulation and says when what a tracker did was wrong.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "worker/ack/tracker.h"

namespace rafale::worker::sim {

/// A worker by its number on the wire, and which of its lives.
struct Place {
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;
  friend auto operator<=>(const Place&, const Place&) = default;  // NOLINT(modernize-use-nullptr)
};

std::string to_string(const Root& root);

/// Which windows of one window task have all their results acked. Outlives the task.
struct WindowLog {
  std::uint32_t task = 0;
  std::set<std::uint64_t> acked;
};

/// What really happened to one root.
struct Truth {
  std::uint64_t message = 0;
  std::int64_t since = 0;   ///< when its timeout began
  std::size_t settled = 0;  ///< number of assignments, if all workers followed the last; or 0
  int live = 0;             ///< rows that are not processed yet
  bool spoiled = false;     ///< user code failed it
  bool marked = false;      ///< user code wrote part of it to the dead letters
  bool ended = false;
  std::vector<Place> touched;
  struct Parking {
    std::shared_ptr<WindowLog> log;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  std::vector<Parking> parkings;
};

/// The invariants:
///  I1 no root is acked before its tree is processed     I2 nothing lost or failed: all are acked
///  I3 every root ends once, and not too early            I4 a lost worker's roots fail by that
///  I5 no row of a live tree is skipped                   I6 parked roots wait for their windows
///  I7 records and rows belong to the roots they name     I8 peer_lost hits only what was there
///  I9 dead-lettered is what was marked, nothing else
class Oracle {
 public:
  struct Options {
    bool calm = true;  ///< nothing is lost, failed, forgotten or timed out in this run
    std::int64_t timeout_ns = 0;
    /// Whether a lost worker explains the failure of a root that was there.
    std::function<bool(const Place&)> gone;
    /// Number of assignments if all workers follow the last one, else 0.
    std::function<std::size_t()> settled;
    std::function<std::size_t()> assignments;
  };
  explicit Oracle(Options options) : options_(std::move(options)) {}

  // --- what happens
  // --------------------------------------------------------------------------------
  /// A task begins anew; `current`: as the newest assignment wants it, not in a zombie.
  void started(const SpoutRef& spout, bool current);
  void opened(const Root& root, std::uint64_t message, std::int64_t now);
  /// A number for a new row that hangs on `keys`, to be carried in it.
  std::int64_t new_row(std::vector<Root> keys);
  const std::vector<Root>& keys(std::int64_t row) const {
    return rows_[static_cast<std::size_t>(row)];
  }
  void live(const std::vector<Root>& keys, int by);
  void touched(const std::vector<Root>& keys, const Place& place);
  void spoiled(const std::vector<Root>& keys);
  void marked(const std::vector<Root>& keys);
  void reset(const Root& root, std::int64_t now);
  void parked(const std::vector<Root>& keys, const Truth::Parking& parking);
  void ended(const SpoutRef& spout, const Acked& how);
  void ended(const SpoutRef& spout, const Completion& how, std::int64_t now);

  // --- checks
  // --------------------------------------------------------------------------------------
  /// A row was not executed.
  void skipped(std::int64_t row);
  /// The roots that a batch names for a row.
  void names(std::int64_t row, std::span<const Root> roots);
  /// Roots of this start that have not ended.
  std::size_t open(const SpoutRef& spout) { return starts_[spout_key(spout)].open; }
  /// Open roots of the tasks' present starts, as text; empty if there are none.
  std::string unfinished() const;
  bool finished() const { return unfinished_ == 0; }

  template <class... A>
  void violate(const A&... text) {
    if (violation_.empty()) {
      std::ostringstream out;
      (out << ... << text);
      violation_ = out.str();
    }
  }
  const std::string& violation() const { return violation_; }

 private:
  struct Start {
    SpoutRef spout;
    std::deque<Truth> roots;  // by number
    std::size_t open = 0;
    bool current = false;
  };
  static std::uint64_t spout_key(const SpoutRef& spout) {
    return std::uint64_t{spout.task} << 32 | spout.incarnation;
  }
  Truth& truth(const Root& root) {
    return starts_[spout_key(root.spout)].roots[static_cast<std::size_t>(root.seq)];
  }
  Truth* end(const Root& root, std::uint64_t message);
  void acked(const Root& root, const Truth& truth, bool dead_lettered);
  void failed(const Root& root, const Truth& truth, const Completion& how, std::int64_t now);

  Options options_;
  std::map<std::uint64_t, Start> starts_;
  std::vector<std::vector<Root>> rows_;
  std::size_t unfinished_ = 0;
  std::string violation_;
};

}  // namespace rafale::worker::sim
