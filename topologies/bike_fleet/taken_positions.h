// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which records were taken, so that one that comes again is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "topologies/bike_fleet/source_position.h"

namespace rafale::bikes {

/// A set of SourcePositions as intervals, for each file or partition by itself. It forgets the
/// lowest intervals of a file when there are more than kMostIntervals: at least that many of its
/// latest records are known, which is as many as a spout may have open. Used on one thread.
class TakenPositions {
 public:
  static constexpr std::size_t kMostIntervals = 65'536;
  using Interval = std::pair<std::int64_t, std::int64_t>;  ///< first and last position

  /// False if it was there.
  bool add(std::int64_t position) {
    Intervals& of_file = files_[SourcePosition::unpack(position).file];
    const auto next = of_file.upper_bound(position);
    const auto before = next == of_file.begin() ? of_file.end() : std::prev(next);
    if (before != of_file.end() && position <= before->second) return false;
    const bool joins_next = next != of_file.end() && next->first == position + 1;
    const std::int64_t last = joins_next ? next->second : position;
    if (joins_next) of_file.erase(next);
    if (before != of_file.end() && before->second + 1 == position) {
      before->second = last;
    } else {
      of_file.emplace(position, last);
      if (of_file.size() > kMostIntervals) of_file.erase(of_file.begin());
    }
    return true;
  }
  /// As they are to be given to add_all().
  std::vector<Interval> intervals() const {
    std::vector<Interval> all;
    for (const auto& [file, of_file] : files_)
      all.insert(all.end(), of_file.begin(), of_file.end());
    return all;
  }
  /// Into an object just made.
  void add_all(const std::vector<Interval>& intervals) {
    for (const Interval& interval : intervals) {
      files_[SourcePosition::unpack(interval.first).file].insert(interval);
    }
  }
  void clear() { files_.clear(); }

 private:
  using Intervals = std::map<std::int64_t, std::int64_t>;
  std::map<std::uint32_t, Intervals> files_;
};

}  // namespace rafale::bikes
