// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// An executor whose tasks are those of a spout.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "worker/executor/bolt_task.h"
#include "worker/executor/executor.h"
#include "worker/executor/spout_task.h"
#include "worker/executor/tick_table.h"

namespace rafale::worker {

/// Drains the records for its trackers first, always; then lets the spouts emit as far as their
/// limits, their consumers and their own wishes allow.
class SpoutExecutor final : public Executor {
 public:
  using Executor::Executor;

  void wire(ExecutorCore& core, FloorBoard& floors, std::vector<std::unique_ptr<SpoutTask>> spouts,
            std::vector<std::unique_ptr<BoltTask>> fused);

  /// next_tuple() of the task is called soon even if the spout said idle or done. Any thread.
  void wake(std::size_t index);
  // On the executor's thread. Spouts begin inactive.
  void set_active(bool active);
  /// Nothing new is emitted from now on, see Spout::drains().
  void begin_drain();
  TickTable& ticks() { return ticks_; }

  /// Every spout is done and has nothing open. Any thread.
  bool finished() const { return finished_.load(std::memory_order_acquire); }

 protected:
  bool slice() override;

 private:
  struct Source {  // a spout task and what it last said
    SpoutTask* task;
    bool done = false;
    bool retired = false;         ///< owes nothing and emits nothing more, see begin_drain()
    std::int64_t idle_until = 0;  ///< 0: wants to be asked
    std::int64_t pause_ns = 0;    ///< last pause of a spout that leaves its length to us
    std::atomic<bool> woken{false};
  };
  enum class Round { emitted, idle, throttled };  // what asking all spouts once came to

  bool hear_back();
  void run_timeouts();
  bool emit();
  SpoutState state_of(const Source& source) const;
  Round ask_all();
  void rest(Source& source, const Next& next);
  void take_wakes();
  void publish();
  void set_alarms();
  SpoutTask* spout_of(std::uint32_t task);

  FloorBoard* floors_ = nullptr;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<BoltTask*> fused_;
  TickTable ticks_;
  bool active_ = false;    // until the runtime says so: every task is open then
  std::size_t first_ = 0;  // of the sources, in the next round
  std::int64_t next_tick_ns_ = 0;
  std::atomic<bool> finished_{false};
};

}  // namespace rafale::worker
