// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// When to ask a server again.
#pragma once

#include <cstdint>
#include <optional>

namespace rafale::connectors {

/// What became of a request.
struct PollAnswer {
  int status = 0;  ///< of HTTP; 0: no answer came
  std::optional<std::int64_t> retry_after_ms{};
};

/// Asks at an interval while the server answers. When it is in trouble, or asks for patience (no
/// answer, 429, 5xx), the pause doubles from failure to failure, with some chance so that many
/// clients do not come back together, and a Retry-After is heeded. When the request itself is wrong
/// (other 4xx), nothing is gained by asking soon. No clock, no thread.
class PollSchedule {
 public:
  struct Options {
    std::int64_t interval_ms = 60'000;
    std::int64_t first_pause_ms = 1000;
    std::int64_t longest_pause_ms = 300'000;
  };

  explicit PollSchedule(Options options) : options_(options) {}

  /// How long to wait from `answer` on. `chance` is a random number, 0 <= chance < 1.
  std::int64_t pause_ms(const PollAnswer& answer, double chance);
  /// Failures in a row.
  int failures() const { return failures_; }

 private:
  Options options_;
  int failures_ = 0;
};

}  // namespace rafale::connectors
