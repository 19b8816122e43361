// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a task's user code sees of the runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "rafale/context.h"
#include "rafale/topology.h"
#include "worker/executor/spout_executor.h"
#include "worker/metrics/counters.h"
#include "worker/runtime/plan.h"

namespace rafale::worker {

/// What all contexts of a topology share.
struct RuntimeView {
  const Topology* topology = nullptr;
  const Plan* plan = nullptr;
  DeadLetters* dead_letters = nullptr;
  const AlarmClock* clock = nullptr;
  const common::Clock* calendar = nullptr;  ///< for wall_ms()
  std::function<TopologyStats()> stats;
};

/// SpoutContext for spouts and, as a TaskContext, for bolts. Bound to its executor when that
/// exists.
class TaskContextImpl final : public SpoutContext {
 public:
  TaskContextImpl(const RuntimeView& view, const ComponentDef& def, TaskId task,
                  std::uint32_t index);

  void bind(Executor& executor) { executor_ = &executor; }
  void bind(SpoutExecutor& executor, std::size_t source, SpoutTask& task);
  /// Work that is posted from now on is dropped.
  void close() { closed_.store(true, std::memory_order_release); }
  /// Adds the counters of user code to `sum`.
  void add_counters(std::map<std::string, std::int64_t>& sum) const;

  const std::string& topology() const override { return view_.topology->name; }
  const std::string& component() const override { return def_.name; }
  TaskId task() const override { return task_; }
  std::uint32_t task_index() const override { return index_; }
  std::uint32_t task_count() const override { return def_.tasks; }
  const Config& config() const override { return config_; }
  const Schema& input(std::string_view component, std::string_view stream) const override;
  StreamId output(std::string_view stream) const override;
  std::vector<TaskId> tasks(std::string_view component) const override;
  Counter& counter(std::string_view name) override;
  TopologyStats stats() const override { return view_.stats(); }
  void dead_letter(const DeadLetter& letter) override;
  void post(std::function<void()> work) override;
  std::int64_t wall_ms() const override { return view_.calendar->wall_ms(); }
  void wake() override;
  SpoutCollector& collector() override { return spout_task_->collector(); }
  void note_replay() override { spout_task_->note_replay(); }
  void note_dead_letter() override { spout_task_->note_dead_letter(); }
  void report_lag(std::int64_t records) override { lag_.store(records, std::memory_order_relaxed); }
  /// What the spout reported last; any thread.
  std::int64_t lag() const { return lag_.load(std::memory_order_relaxed); }
  std::int64_t now_ms() const override { return view_.clock->now_ns() / 1'000'000; }

 private:
  class CounterImpl final : public Counter {
   public:
    void add(std::int64_t n) override {
      value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    std::int64_t get() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::int64_t> value_{0};
  };

  const RuntimeView& view_;
  const ComponentDef& def_;
  TaskId task_;
  std::uint32_t index_;
  Config config_;
  Executor* executor_ = nullptr;
  SpoutExecutor* spout_executor_ = nullptr;
  std::size_t source_ = 0;
  SpoutTask* spout_task_ = nullptr;
  std::atomic<bool> closed_{false};
  std::atomic<std::int64_t> lag_{-1};
  mutable std::mutex counters_mutex_;  // guards the map; the values are atomic
  std::map<std::string, std::unique_ptr<CounterImpl>, std::less<>> counters_;
};

}  // namespace rafale::worker
