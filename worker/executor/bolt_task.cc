// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Running a bolt over rows. HOT PATH. What user code does to its tuples is in bolt_task_acks.cc.
#include "worker/executor/bolt_task.h"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace rafale::worker {
namespace {

// The first executions are all timed, so that short runs have percentiles; then one in so many.
constexpr std::uint32_t kTimedAtFirst = 1024;
constexpr std::uint32_t kTimedOneIn = 256;
// Rows between two looks at the clock.
constexpr std::uint32_t kRowsPerLook = 64;

}  // namespace

BoltTask::BoltTask(ExecutorCore& core, std::string component, TaskId task,
                   std::vector<const detail::StreamInfo*> outputs,
                   std::vector<const detail::StreamInfo*> inputs, BoltInstance instance)
    : TaskOutput(core, std::move(component), task, std::move(outputs)),
      inputs_(std::move(inputs)),
      instance_(std::move(instance)),
      bolt_(instance_.bolt.get()),
      basic_(instance_.basic.get()),
      collector_(*this) {}

BoltTask::~BoltTask() {
  if (batch_ != nullptr) {
    batch_->release();
  }
}

void BoltTask::prepare(TaskContext& context) {
  if (basic_ != nullptr) {
    basic_->prepare(context);
  } else {
    bolt_->prepare(context, collector_);
  }
}

void BoltTask::cleanup() {
  try {
    if (basic_ != nullptr) {
      basic_->cleanup();
    } else {
      bolt_->cleanup();
    }
  } catch (const std::exception& e) {
    report_error(e.what());
  } catch (...) {
    report_error("cleanup() threw something that is no std::exception");
  }
}

// --- one row
// --------------------------------------------------------------------------------------------

void BoltTask::run_timed() {
  until_sample_ = samples_ < kTimedAtFirst ? 1 : kTimedOneIn;
  ++samples_;
  const std::int64_t start = core_.clock();
  execute_present();
  counters_.execute_ns.add(core_.clock() - start);
}

void BoltTask::user_threw(const std::exception* error) {
  const std::string_view text =
      error != nullptr ? error->what() : "execute() threw something that is no std::exception";
  if (*state_ == kOpen) {
    *state_ = kFailed;
    fail_roots(roots(), FailureCode::exception, text);
  } else {
    report_error(text);
  }
}

/// A fused tuple was neither acked nor kept: its tree has to stay open, as it would with a batch in
/// between.
void BoltTask::leave_open(const Roots& roots) {
  Anchor forgotten;
  open_edges(forgotten, roots);
}

void BoltTask::tick(const char* row, const detail::StreamInfo& stream) {
  static const Roots kNone = Roots::none();
  present_slot_ = ++generation_ << kRowBits;
  present_ = Tuple(row, &stream, Tuple::kSystemTask, present_slot_);
  roots_ = &kNone;
  fused_state_ = kOpen;
  state_ = &fused_state_;
  try {
    if (basic_ != nullptr) {
      basic_->execute(present_, basic_collector_);
    } else {
      bolt_->execute(present_, collector_);
    }
  } catch (const std::exception& e) {
    report_error(e.what());
  } catch (...) {
    report_error("execute() of a tick tuple threw something that is no std::exception");
  }
  present_slot_ = kNoSlot;
  flush_bolt();
}

void BoltTask::flush_bolt() {
  if (bolt_ == nullptr) {
    return;
  }
  try {
    bolt_->flush(collector_);
  } catch (const std::exception& e) {
    report_error(e.what());
  } catch (...) {
    report_error("flush() threw something that is no std::exception");
  }
}

void BoltTask::commit_anchored(detail::OutPort& port, std::size_t bytes, const Tuple& anchor) {
  const State state = state_of(anchor, "an emit anchored to");
  if (state != kOpen && state != kDetached) [[unlikely]] {
    counters_.misused.add();
    route(port, bytes, Roots::none(), 0);
  } else if (const FusedEdge& edge = fused_edge(port); edge.task != nullptr) [[likely]] {
    edge.pass(port.cursor, task(), roots());
  } else {
    route(port, bytes, roots(), 0);
  }
}

// --- one batch
// ------------------------------------------------------------------------------------------

bool BoltTask::process(Batch* batch) {
  begin_batch(batch);
  return resume();
}

void BoltTask::begin_batch(Batch* batch) {
  batch_ = batch;
  at_ = batch->data();
  ++generation_;
  row_ = 0;
  ack_run_ = ack_row_ = 0;
  held_in_batch_ = 0;
  ack_root_ = batch->runs.empty() ? 0 : batch->runs[0].root0;
  std::fill_n(states_.begin(), batch->rows, kOpen);
  cursor_.start(*batch);
  check_floors_ = std::any_of(batch->runs.begin(), batch->runs.end(), [this](const Run& run) {
    return run.root0 < core_.floors.floor(run.spout);
  });
}

bool BoltTask::slice_is_over() const { return core_.clock() >= core_.slice_end_ns; }

bool BoltTask::resume() {
  const std::uint32_t rows = batch_->rows;
  const detail::StreamInfo* stream = inputs_[batch_->input];
  const TaskId from = batch_->from;
  while (row_ < rows) {
    if (core_.congested || (row_ % kRowsPerLook == kRowsPerLook - 1 && slice_is_over()))
        [[unlikely]] {
      report_acks(row_);
      present_slot_ = kNoSlot;
      return false;
    }
    cursor_.move_to(row_);
    if (check_floors_ && over(cursor_.roots())) [[unlikely]] {
      states_[row_] = kDetached;  // nobody waits for an ack
      counters_.skipped.add();
    } else {
      roots_ = &cursor_.roots();
      state_ = &states_[row_];
      present_slot_ = generation_ << kRowBits | row_;
      present_ = Tuple(at_, stream, from, present_slot_);
      run_present();
    }
    at_ += row::length(at_);
    ++row_;
  }
  end_batch();
  return true;
}

void BoltTask::end_batch() {
  present_slot_ = kNoSlot;
  report_acks(batch_->rows);
  batch_->release();
  batch_ = nullptr;
  flush_bolt();
}

bool BoltTask::over(const Roots& roots) const {
  return roots.count > 0 && std::ranges::all_of(roots.all(), [this](const Root& root) {
           return root.seq < core_.floors.floor(root.spout);
         });
}

/// Writes the acks of rows [ack_row_, to_row) as slices of the input's runs.
void BoltTask::report_acks(std::uint32_t to_row) {
  for (; ack_run_ < batch_->runs.size(); ++ack_run_) {
    const Run& run = batch_->runs[ack_run_];
    if (run.first_row >= to_row) {
      break;
    }
    if (ack_row_ < run.first_row || run.n == 1) {
      ack_row_ = run.first_row;
      ack_root_ = run.root0;
    }
    const std::uint32_t end = std::min<std::uint32_t>(run.first_row + run.n, to_row);
    const std::uint8_t* deltas = run.deltas != 0 ? &batch_->deltas[run.deltas - 1u] : nullptr;
    const auto step = [&] {
      ++ack_row_;
      if (ack_row_ < run.first_row + run.n) {
        ack_root_ += deltas != nullptr ? deltas[ack_row_ - run.first_row] : 1;
      }
    };
    while (ack_row_ < end) {
      if (states_[ack_row_] != kAcked) {
        step();
        continue;
      }
      const std::uint32_t first = ack_row_;
      const std::uint64_t root = ack_root_;
      do {
        step();
      } while (ack_row_ < end && states_[ack_row_] == kAcked);
      core_.records.ack_rows(*batch_, run, first, ack_row_, root);
    }
    if (end < run.first_row + run.n) {
      break;  // the rest of this run is yet to be executed
    }
    if (ack_run_ + 1 < batch_->runs.size()) {
      ack_row_ = batch_->runs[ack_run_ + 1].first_row;
      ack_root_ = batch_->runs[ack_run_ + 1].root0;
    }
  }
}

}  // namespace rafale::worker
