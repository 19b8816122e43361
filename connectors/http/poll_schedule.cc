// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The rule, case by case.
#include "connectors/http/poll_schedule.h"

#include <algorithm>

namespace rafale::connectors {
namespace {

constexpr std::int64_t kMostPatienceMs = 3'600'000;  // that a server can ask for

}  // namespace

std::int64_t PollSchedule::pause_ms(const PollAnswer& answer, double chance) {
  const int status = answer.status;
  if ((status >= 200 && status < 300) || status == 304) {
    failures_ = 0;
    return options_.interval_ms;
  }
  ++failures_;
  if (status >= 400 && status < 500 && status != 408 && status != 429) {
    return std::max(options_.interval_ms, options_.longest_pause_ms);
  }
  std::int64_t pause = options_.first_pause_ms;
  for (int i = 1; i < failures_ && pause < options_.longest_pause_ms; ++i) pause *= 2;
  pause = std::min(pause, options_.longest_pause_ms);
  pause = pause / 2 + static_cast<std::int64_t>(static_cast<double>(pause / 2) * chance);
  const std::int64_t asked = std::min(answer.retry_after_ms.value_or(0), kMostPatienceMs);
  return std::max(pause, asked);
}

}  // namespace rafale::connectors
