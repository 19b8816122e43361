// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A runtime and a stop source that follow a script in simulated time.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <vector>

#include "common/clock.h"
#include "worker/local/stop_source.h"
#include "worker/runtime/local_runtime.h"

namespace rafale::worker {

/// What the fakes do, and what was asked of them. Times are since the start.
struct Script {
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds kNever = Milliseconds::max();

  common::SimulatedClock clock;
  common::Clock::Time start = clock.now();
  Milliseconds done_at = kNever;
  Milliseconds stop_at = kNever;
  StopCause cause = StopCause::signal;
  Milliseconds drain_takes{0};
  Snapshot snapshot;

  std::vector<Milliseconds> stops;  ///< arguments of stop()
  bool destroyed = false;

  Milliseconds now() const { return std::chrono::duration_cast<Milliseconds>(clock.now() - start); }
  // Moves the clock by `at_most`, or to `event` if that comes first; true if it has come.
  bool wait(Milliseconds at_most, Milliseconds event) {
    if (event <= now()) return true;
    const Milliseconds left = event - now();
    clock.advance(std::min(at_most, left));
    return left <= at_most;
  }
};

class FakeRuntime final : public LocalRuntime {
 public:
  explicit FakeRuntime(Script& script) : script_(script) {}
  ~FakeRuntime() override { script_.destroyed = true; }

  bool wait_until_done(std::chrono::milliseconds at_most) override {
    return script_.wait(at_most, script_.done_at);
  }
  bool stop(std::chrono::milliseconds at_most) override {
    script_.stops.push_back(at_most);
    return script_.wait(at_most, script_.now() + script_.drain_takes);
  }
  void activate() override {}
  void deactivate() override {}
  Snapshot snapshot() const override { return script_.snapshot; }

 private:
  Script& script_;
};

class FakeStopSource final : public StopSource {
 public:
  explicit FakeStopSource(Script& script) : script_(script) {}
  StopCause wait(std::chrono::milliseconds at_most) override {
    return script_.wait(at_most, script_.stop_at) ? script_.cause : StopCause::none;
  }

 private:
  Script& script_;
};

}  // namespace rafale::worker
