// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How many stands are free in a city, window by window of the records' own time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/bike_fleet/taken_positions.h"

namespace rafale::bikes {

/// What one record says of the free stands of its station.
struct StandsReading {
  std::string_view contract;
  std::string_view number;
  std::int64_t position = 0;  ///< names the record, so that a replay counts once
  std::int64_t at = 0;        ///< when the station reported it: milliseconds since 1970
  std::int64_t stands = 0;
};

/// One window of one city, [start, end) in milliseconds since 1970.
struct CityWindow {
  std::string contract;
  std::int64_t start = 0;
  std::int64_t end = 0;
  double available_stands = 0;  ///< the sum over stations of the mean of what each reported
  std::uint64_t stations = 0;
  std::uint64_t records = 0;
};

/// Tumbling windows in event time, for each city by itself, aligned to 1970. The clock of a city,
/// its watermark, is the least of the latest moments that its sources brought, less a lag; a window
/// is due when the clock reaches its end, and what comes for it later is late. A source that has
/// brought nothing yet holds the clock, and so does one that is behind, but neither for longer than
/// it is silent for `idle_ticks` (the rules are those of Akidau et al., The Dataflow Model, 2015,
/// with the idle sources of Flink). Used on one thread; no I/O, no clock of the machine.
class CityStats {
 public:
  struct Options {
    std::int64_t window_ms = 300'000;
    std::int64_t lag_ms = 0;
    std::uint32_t idle_ticks = 20;
    std::vector<std::uint32_t> sources;  ///< tasks that records may come from
  };
  enum class Taken : std::uint8_t { counted, repeated, late };

  explicit CityStats(Options options) : options_(std::move(options)) {}

  /// `source` is one of Options::sources.
  Taken add(std::uint32_t source, const StandsReading& reading);
  /// Time passes: sources that are silent for long hold no clock any more.
  void tick();

  /// For sources that number their records anew after a restart: repeats nothing from before it.
  void forget_positions();

  /// Windows that the clocks have passed, by city and time. They stay until close_due().
  std::vector<CityWindow> due() const { return windows(true); }
  bool has_due() const;
  void close_due();
  /// All windows that are kept: due or not.
  std::vector<CityWindow> open() const { return windows(false); }

  /// Windows and what is closed, as JSON; how far each source is, is not in it.
  std::string save() const;
  /// Into an object just made. False, and nothing is to be relied on, if `text` is not what save()
  /// gives.
  bool load(std::string_view text);

 private:
  struct Mean {
    std::int64_t sum = 0;
    std::int64_t count = 0;
  };
  struct Window {
    std::map<std::string, Mean, std::less<>> stations;
  };
  struct Source {
    std::int64_t latest = kNever;
    std::uint32_t silent = 0;  // ticks
  };
  struct City {
    std::map<std::int64_t, Window> windows;  // by start
    std::map<std::uint32_t, Source> sources;
    std::int64_t clock = kNever;  // never goes back
    TakenPositions taken;         // late ones, too
  };
  static constexpr std::int64_t kNever = INT64_MIN;

  City& city(std::string_view contract);
  void advance(City& city) const;
  std::int64_t end_of(std::int64_t start) const { return start + options_.window_ms; }
  /// The clock has passed the window that begins at `start`.
  bool is_due(const City& city, std::int64_t start) const { return end_of(start) <= city.clock; }
  std::vector<CityWindow> windows(bool due_only) const;

  Options options_;
  std::map<std::string, City, std::less<>> cities_;
};

}  // namespace rafale::bikes
