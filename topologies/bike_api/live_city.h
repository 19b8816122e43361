// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The stations of simulated or recorded cities as they are at this moment.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "topologies/bike_fleet/record_source.h"

namespace rafale::bikes {

/// One station, with the fields that the APIs share.
struct LiveStation {
  std::string contract, number, name, address;
  double latitude = 0;
  double longitude = 0;
  std::int64_t docks = 0;
  std::int64_t free_docks = 0;
  std::int64_t bikes = 0;
  bool open = true;
  std::int64_t updated_ms = 0;  ///< since 1970
};

/// Plays records (JCDecaux v1, with their moments) `speed` times faster than they happened. Safe to
/// use from any thread.
class LiveCity {
 public:
  /// Reads on until every station of the first moment is there.
  LiveCity(std::unique_ptr<RecordSource> source, double speed);

  /// The stations `elapsed_ms` after the start, in the order of contract and number.
  std::vector<LiveStation> at(std::int64_t elapsed_ms);
  /// The played moment, in milliseconds since 1970.
  std::int64_t moment(std::int64_t elapsed_ms) const;

 private:
  void apply(const SourceRecord& record);
  bool take();

  mutable std::mutex mutex_;
  std::unique_ptr<RecordSource> source_;
  double speed_;
  std::int64_t begin_ms_ = 0;  // of the recording
  std::int64_t latest_ms_ = 0;
  SourceRecord next_;
  bool have_next_ = false;
  std::map<std::pair<std::string, std::string>, LiveStation> stations_;
};

}  // namespace rafale::bikes
