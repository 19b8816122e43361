// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The loop of watch.h.

#include "worker/local/watch.h"

#include <algorithm>

#include "worker/local/stats_table.h"

namespace rafale::worker {
namespace {

using common::Clock;
using std::chrono::milliseconds;

// The runtime and the stop source are two things to wait for: while waiting for the one, the other
// is looked at this often.
constexpr milliseconds kLook{50};
constexpr milliseconds kLongWait{60'000};

milliseconds until(Clock::Time when, Clock::Time now) {
  // Rounded up, so that the wait does not end just before its time.
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(when - now));
}

// Prints the table of statistics when its time has come.
class Stats {
 public:
  Stats(const LocalRuntime& runtime, const WatchOptions& options, Clock::Time now)
      : runtime_(runtime), options_(options), last_(now) {}

  milliseconds due_in(Clock::Time now) const {
    return options_.stats_every ? until(last_ + *options_.stats_every, now) : kLongWait;
  }
  void print_if_due(Clock::Time now) {
    if (!options_.stats_every || due_in(now) > milliseconds(0)) return;
    Snapshot current = runtime_.snapshot();
    options_.print_stats(stats_table(before_, current, now - last_));
    before_ = std::move(current);
    last_ = now;
  }

 private:
  const LocalRuntime& runtime_;
  const WatchOptions& options_;
  Clock::Time last_;
  Snapshot before_;
};

RunEnd reason(StopCause cause) {
  return cause == StopCause::signal ? RunEnd::signal : RunEnd::output_closed;
}

}  // namespace

RunEnd watch(LocalRuntime& runtime, const WatchOptions& options, const Clock& clock,
             StopSource& stop) {
  const Clock::Time start = clock.now();
  Stats stats(runtime, options, start);
  while (true) {
    const Clock::Time now = clock.now();
    milliseconds wait = stats.due_in(now);
    if (options.run_for) {
      if (now - start >= *options.run_for) return RunEnd::time_over;
      wait = std::min(wait, until(start + *options.run_for, now));
    }
    if (options.until_done) {
      if (runtime.wait_until_done(std::min(wait, kLook))) return RunEnd::done;
      wait = milliseconds(0);
    }
    const StopCause cause = stop.wait(wait);
    if (cause != StopCause::none) return reason(cause);
    stats.print_if_due(clock.now());
  }
}

}  // namespace rafale::worker
