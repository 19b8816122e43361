// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Who asks a running topology to end: Ctrl-C, a supervisor, or a reader that has gone away.
#pragma once

#include <chrono>

namespace rafale::worker {

enum class StopCause {
  none,
  signal,         ///< SIGINT, SIGTERM or SIGHUP
  output_closed,  ///< nobody reads standard output any more, as after `| head`
};

class StopSource {
 public:
  virtual ~StopSource() = default;
  /// Waits until somebody asks, at most so long; 0 only looks. What was said once is said again.
  virtual StopCause wait(std::chrono::milliseconds at_most) = 0;
};

/// The signals of this process; one object at a time, made before any thread. The first signal is
/// told by wait() and announced on standard error. The second one ends the process at once with
/// 128 + its number, after making a terminal's cursor visible again. Broken pipes are no signal:
/// writes fail with EPIPE instead. The destructor restores what was before.
class SignalStopSource final : public StopSource {
 public:
  /// `terminal`: standard output is one, and a console sink may have changed its state.
  explicit SignalStopSource(bool terminal);
  SignalStopSource(const SignalStopSource&) = delete;
  SignalStopSource& operator=(const SignalStopSource&) = delete;
  ~SignalStopSource() override;

  StopCause wait(std::chrono::milliseconds at_most) override;

 private:
  int wake_fd_;
};

}  // namespace rafale::worker
