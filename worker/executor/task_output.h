// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The emitting side of a task: from encoded rows to batches on their way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/cache_line.h"
#include "rafale/collector.h"
#include "worker/ack/roots.h"
#include "worker/ack/tracker.h"
#include "worker/executor/core.h"
#include "worker/metrics/counters.h"
#include "worker/routing/grouper.h"

namespace rafale::worker {

class BoltTask;

/// The open batch for one task of a subscriber.
struct Lane {
  Destination to;
  bool cyclic = false;  ///< the receiver can reach this task: it never stops us, see Executor
  std::uint16_t input = 0;
  Batch* open = nullptr;
  RunAppender runs;
};

/// One subscription to one of the task's streams.
struct Outlet {
  std::unique_ptr<Grouper> grouper;  ///< null: direct
  std::vector<Lane> lanes;           ///< in ascending order of tasks
};

/// Common to SpoutTask and BoltTask: ports, lanes, routing. HOT PATH: no lock, no log, no
/// allocation per tuple in here. A row is written at the tail of the batch that it most likely goes
/// to; if it then goes elsewhere it is copied once, from cache.
class alignas(common::kCacheLines) TaskOutput : public detail::Emitter {
 public:
  struct Port {
    std::vector<Outlet> outlets;
    std::vector<BoltTask*> fused;  ///< run at once, on the row where it stands
    std::vector<std::uint16_t> fused_input;
    std::unique_ptr<char[]> scratch;  ///< for rows that no single batch awaits
    std::size_t scratch_size = 0;
    bool direct = false;  ///< the stream takes emit_direct() only
  };

  TaskOutput(ExecutorCore& core, std::string component, TaskId task,
             std::vector<const detail::StreamInfo*> streams);
  ~TaskOutput() override;

  /// For the wiring, before the first emit: ports by stream index, null streams where there is
  /// none.
  Port& port(std::size_t index) { return wiring_[index]; }
  /// To be called when all ports are wired. `tracker`: of the spout task at whose emit this task
  /// runs, or null.
  void wired(Tracker* tracker);

  /// Sends what waits in open batches. Does nothing for batches younger than `min_age_ns`.
  void flush_batches(std::int64_t min_age_ns = 0);
  /// Writes the emit records of the open batches, so that acks of inputs may follow.
  void report_emits();
  /// Tasks that moved: open batches for an instance that no longer has them are dropped.
  void rebind(const std::vector<Destination>& now);

  TaskCounters& counters() { return counters_; }
  const TaskCounters& counters() const { return counters_; }
  const std::string& component() const { return component_; }
  TaskId task() const { return task_; }

  void room(detail::OutPort& port, std::size_t bytes) override;
  void report_error(std::string_view text) override;

 protected:
  enum class Mode : std::uint8_t { nobody, one_lane, direct, several };

  /// Sends the row at the port's cursor to all that want it, anchored to `roots`. Returns the
  /// number of tasks that got it.
  std::uint32_t route(detail::OutPort& port, std::size_t bytes, const Roots& roots,
                      TaskId direct_to);
  /// The lane of a port that has exactly one and nothing fused, else null.
  Lane* single_lane(const detail::OutPort& port) {
    return modes_[port.index] == Mode::one_lane ? &wiring_[port.index].outlets[0].lanes[0]
                                                : nullptr;
  }
  /// Puts the row, which may stand at the lane's tail already, into the lane's batch.
  void append(Lane& lane, const char* row, std::size_t bytes);
  void anchor(Lane& lane, const Roots& roots);
  void close_if_full(detail::OutPort& port, Lane& lane);
  void point_at(detail::OutPort& port, const Lane& lane) {
    port.cursor = lane.open->tail();
    port.limit = std::min(lane.open->end(), port.cursor + core_.options.max_tuple_bytes);
  }
  /// The one task that runs at once on what is emitted to a port, and all that a row needs on its
  /// way there. No task if there is none, or if the port has other subscribers as well.
  struct FusedEdge {
    BoltTask* task = nullptr;
    const detail::StreamInfo* input = nullptr;
    PortCounters* counters = nullptr;

    /// Counts the row and runs the task on it. Defined in bolt_task.h.
    inline void pass(const char* row, TaskId from, const Roots& roots) const;
  };
  const FusedEdge& fused_edge(const detail::OutPort& port) const {
    return fused_edges_[port.index];
  }
  bool own(const SpoutRef& spout) const { return tracker_ != nullptr && tracker_->self() == spout; }

  ExecutorCore& core_;
  Tracker* tracker_ = nullptr;  // of the spout at the root of this executor

 private:
  CounterMemory counter_memory_;

 protected:
  TaskCounters& counters_;

 private:
  std::uint32_t route_several(detail::OutPort& port, std::size_t bytes, const Roots& roots);
  std::uint32_t route_direct(detail::OutPort& port, std::size_t bytes, const Roots& roots,
                             TaskId to);
  void put(Outlet& outlet, std::uint32_t index, const char* row, std::size_t bytes,
           const Roots& roots);
  void open(Lane& lane, std::size_t bytes);
  void close(Lane& lane);
  void to_scratch(detail::OutPort& port, std::size_t bytes);

  std::string component_;
  TaskId task_;
  common::CacheLineVector<detail::OutPort> out_ports_;
  std::vector<Port> wiring_;
  std::vector<Mode> modes_;
  std::vector<FusedEdge> fused_edges_;  // by port
  bool filled_ = false;                 // put() filled a batch
};

}  // namespace rafale::worker
