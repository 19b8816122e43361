// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Slots as state machines: what must be done so that this machine matches its assignments. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coord/types.h"

namespace rafale::supervisor {

/// What an assignment wants of one slot.
struct Desired {
  std::string topology;
  std::string name;
  std::uint32_t worker = 0;
  std::uint32_t instance_base = 0;
  std::vector<coord::ExecutorAssignment> executors;
  std::string plugin_sha256;
  std::string spec_sha256;
  friend bool operator==(const Desired&, const Desired&) = default;
};

enum class SlotState : std::uint8_t {
  empty,
  fetching,  ///< plugin and description are on their way
  starting,  ///< a process runs and has not said that it is running
  running,
  stopping,  ///< told to end
  backoff,   ///< ended; the next start waits
  unusable,  ///< another program has the port
};
std::string_view to_string(SlotState state);

/// One slot. What is persistent is in slot.json, see slot_codec.h.
struct Slot {
  std::uint32_t port = 0;
  SlotState state = SlotState::empty;
  Desired wanted;              ///< of the process that runs, or of the next
  std::uint32_t instance = 0;  ///< of the process that runs, or of the next
  std::string token;
  std::uint32_t pid = 0;  ///< 0: none runs
  std::uint64_t start_time = 0;
  std::uint32_t restarts = 0;
  std::string last_exit;
  std::string last_words;
  std::string failure;           ///< why it will end, in its own words
  std::int64_t since_ns = 0;     ///< of the state
  std::int64_t started_ns = 0;   ///< of the process
  std::int64_t retry_ns = 0;     ///< backoff and unusable: when
  std::int64_t pause_ms = 0;     ///< the last back-off
  std::int64_t deadline_ns = 0;  ///< stopping: when it is killed
  std::uint32_t adopted_epoch = 0;
};

struct Fetch {
  std::uint32_t port = 0;
  std::string plugin_sha256, spec_sha256;
};
struct LaunchWorker {  ///< the slot is to be remembered before the process starts
  std::uint32_t port = 0;
};
struct StopWorker {  ///< politely
  std::uint32_t port = 0;
};
struct KillWorker {
  std::uint32_t port = 0;
};
struct Remember {  ///< slot.json
  std::uint32_t port = 0;
};
struct ClearSlot {  ///< the slot's folder
  std::uint32_t port = 0;
};
struct WorkerDied {  ///< counters are to be read, others to be told
  std::uint32_t port = 0;
  coord::InstanceId dead;
  std::string how;
};
using Action =
    std::variant<Fetch, LaunchWorker, StopWorker, KillWorker, Remember, ClearSlot, WorkerDied>;

/// A slot is empty again only when its process has provably ended. Instances of a worker rise at
/// the moment of a death. A worker whose assignment changes in nothing but the epoch keeps its
/// process.
class Reconciler {
 public:
  struct Options {
    std::int64_t start_timeout_ns = 30'000'000'000;
    std::int64_t shutdown_ns = 10'000'000'000;
  };
  Reconciler(const std::vector<std::uint32_t>& ports, const Options& options);

  /// A slot as an earlier supervisor remembered it; `runs`: its process was found again. Whatever
  /// else there was is an older instance from now on: a process that ended meanwhile, or one that
  /// was started by a supervisor that ended before it could remember that.
  std::vector<Action> restore(Slot slot, bool runs, std::int64_t now_ns);

  /// The newest assignments of this machine, by port; ports that are missing want nothing.
  std::vector<Action> want(std::map<std::uint32_t, Desired> desired, std::int64_t now_ns);
  std::vector<Action> fetched(std::uint32_t port, const std::string& mistake, std::int64_t now_ns);
  std::vector<Action> launched(std::uint32_t port, std::uint32_t pid, std::uint64_t start_time,
                               const std::string& token, std::int64_t now_ns);
  /// The process could not be started; `port_taken`: another program listens there.
  std::vector<Action> not_launched(std::uint32_t port, const std::string& why, bool port_taken,
                                   std::int64_t now_ns);
  void reported(std::uint32_t port, const std::string& state, std::uint32_t adopted_epoch,
                const std::string& failure, std::int64_t now_ns);
  std::vector<Action> exited(std::uint32_t port, const std::string& how, const std::string& words,
                             std::int64_t now_ns);
  std::vector<Action> tick(std::int64_t now_ns);
  /// All workers shall end, for good: the supervisor ends and takes them along.
  std::vector<Action> stop_all(std::int64_t now_ns);

  const std::map<std::uint32_t, Slot>& slots() const { return slots_; }
  /// The slot whose process was launched with that token; none: the process is not ours.
  std::optional<std::uint32_t> port_of(const std::string& token) const;

 private:
  void look(Slot& slot, std::int64_t now_ns, std::vector<Action>& actions);
  void take_up(Slot& slot, const Desired& desired, std::int64_t now_ns,
               std::vector<Action>& actions);
  void stop(Slot& slot, std::int64_t now_ns, std::vector<Action>& actions);
  void pause(Slot& slot, std::int64_t now_ns);
  static void enter(Slot& slot, SlotState state, std::int64_t now_ns);

  const Options options_;
  std::map<std::uint32_t, Slot> slots_;
  std::map<std::uint32_t, Desired> desired_;
  bool ending_ = false;
};

}  // namespace rafale::supervisor
