// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Slices of a spout's executor. HOT PATH.
#include "worker/executor/spout_executor.h"

#include <algorithm>
#include <utility>

namespace rafale::worker {
namespace {

constexpr int kCallsPerRound = 64;  // of next_tuple(), between two looks at clock and records
constexpr int kRoundsPerSlice = 64;
constexpr std::int64_t kFirstPause = 1'000'000;
constexpr std::int64_t kLongestPause = 16'000'000;
constexpr std::int64_t kLongestIdle = 1'000'000'000'000'000;  // keeps sums within their type

}  // namespace

void SpoutExecutor::wire(ExecutorCore& core, FloorBoard& floors,
                         std::vector<std::unique_ptr<SpoutTask>> spouts,
                         std::vector<std::unique_ptr<BoltTask>> fused) {
  set_core(core);
  floors_ = &floors;
  for (auto& task : spouts) {
    sources_.push_back(std::make_unique<Source>());
    sources_.back()->task = task.get();
    floors.start(task->tracker().self());
    tasks_.push_back(std::move(task));
  }
  for (auto& task : fused) {
    fused_.push_back(task.get());
    tasks_.push_back(std::move(task));
  }
}

void SpoutExecutor::wake(std::size_t index) {
  sources_[index]->woken.store(true, std::memory_order_release);
  notify();
}

void SpoutExecutor::set_active(bool active) {
  if (active_ == active) {
    return;
  }
  active_ = active;
  for (const auto& source : sources_) {
    active ? source->task->activate() : source->task->deactivate();
  }
}

void SpoutExecutor::begin_drain() {
  for (const auto& source : sources_) {
    source->idle_until = 0;
    source->retired = !source->task->drains();
    source->done = source->retired;
    if (active_) {
      source->task->deactivate();
    }
  }
  active_ = true;  // a deactivated spout still gives back what it owes
}

bool SpoutExecutor::slice() {
  run_posted();
  if (retired()) {
    return false;
  }
  hear_back();
  run_timeouts();
  ticks_.run(core().now_ns);
  take_wakes();
  bool more = false;
  if (!paused()) {
    more = emit();
  }
  for (BoltTask* task : fused_) {
    task->flush_bolt();
  }
  const bool pause = core().congested && must_pause();
  flush(pause || !more);
  const bool heard = hear_back();  // of trees that ended at once; the spout may want to go on
  set_unfinished(pause);
  publish();
  set_alarms();
  return (more || heard) && !pause;
}

SpoutTask* SpoutExecutor::spout_of(std::uint32_t task) {
  const auto it = std::ranges::find_if(
      sources_, [task](const auto& source) { return source->task->task() == task; });
  return it == sources_.end() ? nullptr : (*it)->task;
}

/// Applies the records that came and tells the spouts what ended. Returns true if it told anything.
bool SpoutExecutor::hear_back() {
  bool told = false;
  while (RecordBlock* block = pop_records()) {
    SpoutTask* task = nullptr;
    for (const Record& record : block->records) {
      if (task == nullptr || task->task() != record.spout.task) {
        task = spout_of(record.spout.task);
      }
      if (task != nullptr) {
        task->tracker().apply(record, *block);
      }
    }
    block->home->give_back(block);
  }
  for (const auto& source : sources_) {
    if (source->task->has_news()) {
      const std::uint64_t failures = source->task->failures();
      source->task->run_callbacks();
      if (source->task->failures() != failures) {  // it may want to emit again
        source->done = source->retired;
        source->idle_until = 0;
      }
      told = true;
    }
  }
  return told;
}

void SpoutExecutor::run_timeouts() {
  refresh_clock();  // what was emitted meanwhile must not look older than it is
  const std::int64_t now = core().now_ns;
  const bool due = now >= next_tick_ns_;
  for (const auto& source : sources_) {
    Tracker& tracker = source->task->tracker();
    tracker.set_now(now);
    if (due) {
      tracker.tick(now);
      next_tick_ns_ = now + tracker.tick_ns();
    }
  }
  if (due) {
    hear_back();
  }
}

void SpoutExecutor::take_wakes() {
  for (const auto& source : sources_) {
    if (source->woken.load(std::memory_order_relaxed) &&
        source->woken.exchange(false, std::memory_order_acq_rel)) {
      source->done = source->retired;
      source->idle_until = 0;
      source->pause_ns = 0;
    }
  }
}

/// Returns true if the spouts would go on at once.
bool SpoutExecutor::emit() {
  if (!active_) {
    return false;
  }
  for (int round = 0; round < kRoundsPerSlice; ++round) {
    if (ask_all() != Round::emitted) {
      return false;
    }
    if (core().congested) {
      return true;
    }
    hear_back();
    run_timeouts();
    for (BoltTask* task : fused_) {
      task->flush_bolt();
    }
    flush(false);
    if (core().now_ns >= core().slice_end_ns) {
      break;
    }
  }
  return true;
}

SpoutExecutor::Round SpoutExecutor::ask_all() {
  Round result = Round::idle;
  ++first_;  // whoever was asked last must not wait for the others for ever
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& source = sources_[(first_ + i) % sources_.size()];
    if (source->done || source->idle_until > core().now_ns) {
      continue;
    }
    const SpoutTask::Burst burst = source->task->next_burst(kCallsPerRound);
    if (burst.emitted > 0) {
      source->idle_until = source->pause_ns = 0;
      result = Round::emitted;
    } else if (burst.throttled && result != Round::emitted) {
      result = Round::throttled;
    }
    if (burst.last.kind() != Next::Kind::emitted) {
      rest(*source, burst.last);
    } else if (core().congested) {
      return result;
    }
  }
  return result;
}

/// The spout said that it has nothing, for now or for ever.
void SpoutExecutor::rest(Source& source, const Next& next) {
  if (next.kind() == Next::Kind::done) {
    source.done = true;
    return;
  }
  std::int64_t pause = next.pause_ns();
  if (pause == 0) {
    source.pause_ns = std::clamp(2 * source.pause_ns, kFirstPause, kLongestPause);
    pause = source.pause_ns;
  }
  source.idle_until = core().now_ns + std::min(pause, kLongestIdle);
}

SpoutState SpoutExecutor::state_of(const Source& source) const {
  if (paused()) {
    return SpoutState::backpressured;
  }
  if (!source.task->may_emit()) {
    return SpoutState::throttled;
  }
  const bool waits = !active_ || source.done || source.idle_until > core().now_ns;
  return waits ? SpoutState::idle : SpoutState::active;
}

void SpoutExecutor::publish() {
  bool finished = true;
  for (const auto& source : sources_) {
    Tracker& tracker = source->task->tracker();
    floors_->raise(tracker.self(), tracker.floor());
    source->task->counters().pending.set(tracker.pending() + tracker.parked());
    source->task->counters().oldest_ns.set(static_cast<std::uint64_t>(tracker.oldest_ns()));
    source->task->counters().state.set(static_cast<std::uint64_t>(state_of(*source)));
    finished = finished && source->done && tracker.pending() == 0 && tracker.parked() == 0 &&
               !source->task->has_news();
  }
  finished_.store(finished, std::memory_order_release);
}

void SpoutExecutor::set_alarms() {
  std::int64_t next = ticks_.next_ns();
  const auto at = [&next](std::int64_t when) { next = next == 0 ? when : std::min(next, when); };
  for (const auto& source : sources_) {
    if (source->task->tracker().pending() > 0) {
      at(next_tick_ns_);
    }
    if (active_ && !source->done && source->idle_until > core().now_ns) {
      at(source->idle_until);
    }
  }
  if (next != 0) {
    alarm_at(next);
  }
}

}  // namespace rafale::worker
