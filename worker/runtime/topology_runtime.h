// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The part of a topology that one process runs, step by step.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "rafale/topology.h"
#include "worker/executor/alarm_thread.h"
#include "worker/executor/pool.h"
#include "worker/metrics/snapshot.h"
#include "worker/runtime/assembly.h"
#include "worker/runtime/placement.h"

namespace rafale::worker {

/// Executors, tasks and threads of one process. Made whole or not at all: the constructor throws
/// for settings of a wrong type and what user code's factories throw. Steps in order: prepare(),
/// open(), set_active(true), stop(). Functions may be called from any thread unless they say
/// otherwise. The destructor stops at once if stop() was not called.
class TopologyRuntime {
 public:
  struct Options {
    unsigned threads = 0;           ///< of the pool; 0: topology.worker.threads, else one per core
    std::string dead_letter_dir{};  ///< unless the topology has a place of its own
    /// See LocalOptions::on_error.
    std::function<void(const std::string& component, const std::string& text)> on_error{};
    /// Which tasks are ours; empty: all.
    std::function<std::unique_ptr<Placement>(const Plan&)> place{};
    /// Ways out of executors; empty: all within the process.
    std::function<std::unique_ptr<Exchange>(Executor&, const std::vector<Executor*>&)>
        make_exchange{};
    /// Where the counters of tasks lie; empty: in memory of their own. See CounterMemory.
    std::function<std::function<void*(TaskId)>(const Topology&, const Plan&, const Placement&)>
        place_counters{};
  };
  TopologyRuntime(Topology topology, const Options& options);
  ~TopologyRuntime();
  TopologyRuntime(const TopologyRuntime&) = delete;
  TopologyRuntime& operator=(const TopologyRuntime&) = delete;

  /// prepare() of all bolts, each in its executor's thread; FAILED_PRECONDITION, naming the
  /// component, if one throws.
  absl::Status prepare();
  /// open() of all spouts, likewise. They emit nothing before set_active(true).
  absl::Status open();
  void set_active(bool active);

  /// Every spout is done, nothing of theirs is open and no executor has anything to do.
  bool done() const;
  bool wait_until_done(std::chrono::milliseconds at_most) const;
  /// Spouts emit nothing new from now on, see Spout::drains().
  void begin_drain();
  /// cleanup() and close(); false if user code does not return in time, see stuck().
  bool close(std::chrono::milliseconds at_most);
  /// begin_drain(), wait_until_done(), close(). See LocalRuntime::stop().
  bool stop(std::chrono::milliseconds at_most);
  /// User code has not returned from a call: its thread cannot be joined, end the process.
  bool stuck() const { return stuck_; }

  Snapshot snapshot() const;
  const Topology& topology() const { return topology_; }
  const Plan& plan() const { return plan_; }
  Placement& placement() { return *placement_; }
  Assembly& assembly() { return *assembly_; }
  const Assembly& assembly() const { return *assembly_; }
  ErrorBook& errors() { return errors_; }
  std::int64_t now_ns() const { return clock_.now_ns(); }
  std::int64_t uptime_ns() const { return clock_.now_ns() - started_ns_; }

 private:
  class Failures;
  void note_slow(const std::string& component);
  template <class Call>
  static void guarded(Failures& failures, AssembledTask& task, const char* what, Call call);
  template <class Work>
  void on_tasks(bool spouts, Work work);
  static void close_task(AssembledTask& task);
  bool all_quiet() const;
  std::uint64_t slices() const;

  common::SystemClock clock_;
  Topology topology_;
  RuntimeSettings settings_;
  Plan plan_;
  std::unique_ptr<Placement> placement_;
  ErrorBook errors_;
  std::unique_ptr<DeadLetters> dead_letters_;
  std::int64_t started_ns_;
  RuntimeView view_;
  std::atomic<bool> closing_{false};
  Pool pool_;
  AlarmThread alarms_;
  std::unique_ptr<Assembly> assembly_;
  bool stuck_ = false;
};

}  // namespace rafale::worker
