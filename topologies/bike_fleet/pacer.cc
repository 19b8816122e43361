// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One line through an anchor: a recorded moment and the time at which it was due.
#include "topologies/bike_fleet/pacer.h"

namespace rafale::bikes {

void Pacer::anchor(std::int64_t moment, std::int64_t at_ms) {
  anchored_ = true;
  anchor_moment_ = latest_ = moment;
  anchor_ms_ = at_ms;
  leaps_ = 0;
}

std::int64_t Pacer::due_ms(std::optional<std::int64_t> moment, std::int64_t now_ms) {
  if (!moment) {
    return now_ms;
  }
  if (!anchored_) {
    anchor(*moment, now_ms);
    return now_ms;
  }
  if (*moment <= latest_) {
    leaps_ = 0;
    return now_ms;
  }
  if (*moment > latest_ + kLeap) {
    if (++leaps_ >= kBelieved) {
      anchor(*moment, now_ms);
    }
    return now_ms;
  }
  leaps_ = 0;
  const std::int64_t due = anchor_ms_ + static_cast<std::int64_t>(
                                            static_cast<double>(*moment - anchor_moment_) / speed_);
  if (due > now_ms + kLongestWait) {
    anchor(*moment, now_ms + kLongestWait);
  } else if (due < now_ms - kSlack) {
    anchor(*moment, now_ms);
  } else {
    latest_ = *moment;
    return due;
  }
  return anchor_ms_;
}

}  // namespace rafale::bikes
