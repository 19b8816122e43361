// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a worker of a cluster does when.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace rafale::worker {

/// Exit codes; the supervisor knows what they mean.
inline constexpr int kExitFailed = 20;  ///< load, open() or prepare() failed
inline constexpr int kExitFenced = 21;  ///< another instance owns our worker number

/// Pure: (state, event) -> actions, to be done in their order. The driver does them and says how
/// they went by further events. Times are of a monotonic clock. One thread.
///
/// Spouts emit while they are open, the assignment wants it and the lease lasts: a worker that
/// hears neither its supervisor nor Nimbus for kLeaseNs emits nothing that a successor might emit
/// too; what is under way goes on.
class Lifecycle {
 public:
  static constexpr std::int64_t kLeaseNs = 10'000'000'000;

  enum class Phase : std::uint8_t {
    waiting,     ///< for the first assignment
    preparing,   ///< bolts
    connecting,  ///< to all peers
    opening,     ///< spouts
    running,
    draining,
    ended,
  };
  enum class Action : std::uint8_t {
    prepare,     ///< make the tasks and prepare bolts; then prepared()
    connect,     ///< dial the peers, answer theirs with READY; then peers_ready()
    open,        ///< open spouts; then opened()
    activate,    ///< spouts may emit
    deactivate,  ///< they may not
    drain,       ///< spouts emit nothing new; drained() when nothing is left
    close,       ///< last calls to user code, if tasks were made; then end the process
  };
  using Actions = std::vector<Action>;

  explicit Lifecycle(std::int64_t now_ns) : heard_ns_(now_ns) {}

  /// The first assignment, or a newer one that we can live with.
  Actions assigned(bool spouts_active);
  Actions prepared(const absl::Status& status);
  /// All peers are ready.
  Actions peers_ready();
  Actions opened(const absl::Status& status);
  /// Supervisor or Nimbus was there at that time.
  Actions heard(std::int64_t at_ns);
  Actions tick(std::int64_t now_ns);
  /// A wish to end, kept once it was said: `why` is for the log.
  Actions stop(std::int64_t now_ns, std::int64_t within_ns, std::string why);
  Actions drained();
  /// No way to go on: to be ended at once.
  Actions give_up(int exit_code, std::string why);

  Phase phase() const { return phase_; }
  /// As heartbeats say it: starting, running or draining.
  std::string_view state() const;
  bool spouts_open() const { return phase_ == Phase::running; }
  bool spouts_active() const { return active_; }
  bool lapsed() const { return lapsed_; }
  int exit_code() const { return exit_code_; }
  const std::string& reason() const { return reason_; }

 private:
  Actions settle();
  Actions end(int exit_code, std::string why);

  Phase phase_ = Phase::waiting;
  std::int64_t heard_ns_;
  std::int64_t drain_until_ns_ = 0;
  bool wanted_ = false;  // by the assignment
  bool lapsed_ = false;
  bool active_ = false;
  int exit_code_ = 0;
  std::string reason_;
};

}  // namespace rafale::worker
