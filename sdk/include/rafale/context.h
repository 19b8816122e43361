// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a task may ask of the runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rafale/collector.h"
#include "rafale/config.h"
#include "rafale/export.h"
#include "rafale/schema.h"
#include "rafale/types.h"

namespace rafale {

/// A number that user code counts and `status` shows. Belongs to one task; add() on its thread
/// only.
class RAFALE_API Counter {
 public:
  virtual ~Counter();
  virtual void add(std::int64_t n = 1) = 0;
};

/// The topology at one moment, as far as this process knows it. Times are over all that happened
/// since the start.
struct TopologyStats {
  std::uint64_t emitted = 0;        ///< messages that spouts emitted, replays not counted
  std::uint64_t acked = 0;          ///< of them, complete and not dead-lettered
  std::uint64_t dead_lettered = 0;  ///< of them, given up and written to the dead letters
  std::uint64_t failed = 0;         ///< failures told to spouts; a message may fail several times
  std::uint64_t replayed = 0;       ///< emits that repeat a message
  std::uint64_t pending = 0;        ///< open trees now
  double uptime_s = 0;
  double complete_latency_p50_ms = 0;  ///< from emit to ack
  double complete_latency_p99_ms = 0;
};

/// A task's view of its surroundings. Owned by the runtime; lives as long as the task. Unless said
/// otherwise its functions are called on the task's thread.
class RAFALE_API TaskContext {
 public:
  virtual ~TaskContext();

  virtual const std::string& topology() const = 0;
  virtual const std::string& component() const = 0;
  virtual TaskId task() const = 0;
  /// Index among the component's tasks, from 0, and how many there are.
  virtual std::uint32_t task_index() const = 0;
  virtual std::uint32_t task_count() const = 0;
  /// Topology settings overlaid with the component's own.
  virtual const Config& config() const = 0;
  /// Schema of a stream that this component subscribes to, or std::invalid_argument with the names
  /// of those there are.
  virtual const Schema& input(std::string_view component,
                              std::string_view stream = "default") const = 0;
  /// A stream that this component declares, or std::invalid_argument.
  virtual StreamId output(std::string_view stream) const = 0;
  /// The tasks of a component, ascending; empty if there is no such component.
  virtual std::vector<TaskId> tasks(std::string_view component) const = 0;
  /// A counter of that name, made at the first call; the reference stays valid.
  virtual Counter& counter(std::string_view name) = 0;
  /// Any thread.
  virtual TopologyStats stats() const = 0;
  /// Writes a record to the dead letters; returns when it is in the file. Any thread. Throws
  /// std::runtime_error if it cannot be written. For a record that a tuple carries use the
  /// collector's dead_letter(), which also marks the tuple's tree.
  virtual void dead_letter(const DeadLetter& letter) = 0;
  /// Runs `work` on the task's thread, between two tuples, in the order of the calls. Any thread;
  /// does not wait. After cleanup() or close() work is dropped. This is how another thread emits or
  /// acks: everything it does then passes through one queue and keeps its order.
  virtual void post(std::function<void()> work) = 0;
  /// Milliseconds since 1970 as the machine believes; it may jump, also back. For deadlines that
  /// outlive the process. Simulated in tests. Any thread.
  virtual std::int64_t wall_ms() const = 0;
};

/// A spout's surroundings.
class RAFALE_API SpoutContext : public TaskContext {
 public:
  /// Has next_tuple() called soon although the spout said that it was idle. Any thread.
  virtual void wake() = 0;
  /// The collector that next_tuple() gets, for the callbacks.
  virtual SpoutCollector& collector() = 0;
  /// Says that the next emit repeats a message, so that it counts as replayed, not as emitted.
  virtual void note_replay() = 0;
  /// Says that the message whose fail() is being handled was written to the dead letters.
  virtual void note_dead_letter() = 0;
  /// Says how many records of the source lie behind what this task has completed, for `status`; -1
  /// if that is unknown, as it is before the first call.
  virtual void report_lag(std::int64_t records) = 0;
  /// Milliseconds of the runtime's monotonic clock; simulated in tests.
  virtual std::int64_t now_ms() const = 0;
};

}  // namespace rafale
