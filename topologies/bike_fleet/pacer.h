// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Replays recorded time faster or slower than it happened.
#pragma once

#include <cstdint>
#include <optional>

namespace rafale::bikes {

/// Says when a record is due, from the moment it was recorded at. The recorded time goes forward
/// only: a record older than one before it is due at once. Stations have wrong clocks: a leap of
/// more than kLeap is believed only when kBelieved records in a row confirm it. Nobody waits longer
/// than kLongestWait for a gap in the recording, and time lost because nobody asked is not caught
/// up.
class Pacer {
 public:
  static constexpr std::int64_t kLeap = 6 * 3'600'000;
  static constexpr int kBelieved = 100;
  static constexpr std::int64_t kLongestWait = 10'000;
  static constexpr std::int64_t kSlack = 1'000;

  /// `speed` is how many recorded seconds pass in one; above 0.
  explicit Pacer(double speed) : speed_(speed) {}

  /// The time, on the clock that `now_ms` is of, at which the record of that moment is due. Once
  /// per record.
  std::int64_t due_ms(std::optional<std::int64_t> moment, std::int64_t now_ms);

 private:
  void anchor(std::int64_t moment, std::int64_t at_ms);

  double speed_;
  bool anchored_ = false;
  std::int64_t anchor_moment_ = 0;
  std::int64_t anchor_ms_ = 0;
  std::int64_t latest_ = 0;
  int leaps_ = 0;
};

}  // namespace rafale::bikes
