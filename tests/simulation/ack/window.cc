// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// When a simulated window fires, and when it lets go of its input.
#include "tests/simulation/ack/window.h"

#include <algorithm>
#include <utility>

namespace rafale::worker::sim {

// --- results
// ------------------------------------------------------------------------------------------

bool WindowSource::ready() const { return !again_.empty() && at_.worker.view_is_clean(); }

Next WindowSource::next_tuple(SpoutCollector& out) {
  if (again_.empty()) {
    return Next::idle();
  }
  const std::uint64_t message = again_.front();
  again_.pop_front();
  emit_root(message, out);
  return Next::emitted();
}

void WindowSource::ack(MessageId id) {
  at_.told(id.value, false);
  window_->result_acked(id.value / kMostResults);
}

void WindowSource::fail(MessageId id, const FailReason&) {
  at_.told(id.value, true);
  if (at_.worker.view_is_clean() && at_.world.random.chance(0.5)) {
    emit_root(id.value, at_.spout()->collector());
  } else {
    again_.push_back(id.value);
  }
}

// --- windows
// ------------------------------------------------------------------------------------------

WindowTask::WindowTask(SimExecutor& at, SpoutTask& out, WindowSource& source)
    : at_(at), out_(out), source_(source), log_(std::make_shared<WindowLog>()) {
  log_->task = at.task();
  source_.bind(*this);
}

Token WindowTask::token(std::uint64_t window) const {
  return {.holder = out_.tracker().self(),
          .worker = at_.me().worker,
          .instance = at_.me().instance,
          .window = window};
}

void WindowTask::take(Batch& batch) {
  RunCursor cursor;
  cursor.start(batch);
  const char* row = batch.data();
  for (std::uint32_t i = 0; i < batch.rows; ++i, row += row::length(row)) {
    cursor.move_to(i);
    const auto roots = cursor.roots().all().first(cursor.roots().count);
    const auto number = row::load<std::int64_t>(row::slot(row, 0));
    const bool over = !roots.empty() && std::ranges::all_of(roots, [this](const Root& root) {
      return root.seq < at_.worker.floors.floor(root.spout);
    });
    if (over) {
      at_.world.oracle.skipped(number);
      continue;
    }
    ++filled_;
    const std::vector<Root> keys = at_.world.oracle.keys(number);
    const std::uint64_t last = window_ + (at_.world.settings.sliding ? 1 : 0);
    at_.world.oracle.parked(keys, {.log = log_, .first = window_, .last = last});
    Anchor anchor = cursor.anchor(i);
    if (at_.world.is(Mutant::holds_windows) || at_.world.is(Mutant::acks_windows)) {
      keep_or_ack(std::move(anchor), keys);
      continue;
    }
    at_.world.oracle.live(keys, -1);
    for (const detail::Link& link : anchor.links()) {
      const SpoutRef spout{link.spout_task, link.incarnation};
      if (std::ranges::find(parked_for_, spout) == parked_for_.end()) {
        parked_for_.push_back(spout);
      }
      at_.core().records.park(link, token(last));
    }
  }
}

void WindowTask::keep_or_ack(Anchor anchor, const std::vector<Root>& keys) {
  if (at_.world.is(Mutant::holds_windows)) {
    held_.push_back({std::move(anchor), keys});
    return;
  }
  at_.world.oracle.live(keys, -1);
  for (const detail::Link& link : anchor.links()) {
    at_.core().records.ack(link);
  }
}

bool WindowTask::due() const {
  const Settings& settings = at_.world.settings;
  if (filled_ >= settings.window_rows) {
    return true;
  }
  if (filled_ == 0 &&
      !(settings.sliding && window_ > 0 && static_cast<std::int64_t>(window_) <= last_filled_)) {
    return false;
  }
  return at_.world.exhausted();
}

void WindowTask::fire() {
  if (filled_ > 0) {
    last_filled_ = static_cast<std::int64_t>(window_) + (at_.world.settings.sliding ? 1 : 0);
  }
  constexpr std::uint64_t kResults[] = {0, 1, 1, 2};
  const std::uint64_t window = window_++;
  const std::uint64_t results = kResults[at_.world.random.below(4)];
  filled_ = 0;
  results_[window] = results;
  at_.world.log("window ", window, " of task ", at_.task(), " fires ", results, " results");
  if (at_.world.is(Mutant::releases_on_fire)) {
    release(window);
  }
  for (std::uint64_t i = 0; i < results; ++i) {
    source_.emit_result(window, i, out_.collector());
  }
  if (results == 0) {
    window_acked(window);
  }
  for (Open& open : std::exchange(held_, {})) {
    at_.world.oracle.live(open.keys, -1);
    for (const detail::Link& link : open.anchor.links()) {
      at_.core().records.ack(link);
    }
  }
}

void WindowTask::result_acked(std::uint64_t window) {
  if (--results_[window] == 0) {
    window_acked(window);
  }
}

void WindowTask::window_acked(std::uint64_t window) {
  log_->acked.insert(window);
  if (at_.world.is(Mutant::releases_out_of_turn)) {
    release(window);
    return;
  }
  for (; log_->acked.contains(low_); ++low_) {
    release(low_);
  }
}

void WindowTask::release(std::uint64_t window) {
  for (const SpoutRef& spout : parked_for_) {
    at_.core().records.release(spout, token(window));
  }
}

}  // namespace rafale::worker::sim
