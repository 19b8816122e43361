// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Turns of a simulated executor, and what passes in and out.
#include "tests/simulation/ack/executor.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/ack/user_code.h"
#include "tests/simulation/ack/window.h"

namespace rafale::worker::sim {
namespace {

std::int64_t row_number(const char* row) { return row::load<std::int64_t>(row::slot(row, 0)); }

template <class F>
void each_lane(TaskOutput& output, Port port, F f) {
  for (const Outlet& outlet : output.port(port).outlets) {
    for (const Lane& lane : outlet.lanes) {
      f(lane);
    }
  }
}

bool has_open_rows(TaskOutput& output) {
  bool any = false;
  for (std::uint16_t port = 0; port < kPorts; ++port) {
    each_lane(output, static_cast<Port>(port),
              [&any](const Lane& lane) { any |= lane.open != nullptr && lane.open->rows > 0; });
  }
  return any;
}

}  // namespace

// --- turns
// ------------------------------------------------------------------------------------------

std::size_t SimExecutor::acts(Acts& possible) {
  std::size_t count = 0;
  const auto add = [&](Act act, bool on) {
    if (on) {
      possible[count++] = act;
    }
  };
  add(Act::hear, !control_.empty());
  add(Act::input, !inbox_.empty() || (bolt_ != nullptr && bolt_->busy()));
  add(Act::emit, source_ != nullptr && spout_->may_emit() && source_->ready());
  add(Act::tell, !ended_acks_.empty() || !ended_.empty());
  add(Act::fire, window_ != nullptr && window_->due());
  add(Act::held, std::ranges::any_of(bolts_, [](const SimBolt* b) { return b->keeps_any(); }));
  add(Act::handed, !handed_.empty());
  add(Act::flush_batches,
      std::ranges::any_of(outputs_, [](TaskOutput* o) { return has_open_rows(*o); }));
  add(Act::flush_records, !core_->records.empty());
  add(Act::send_records, !outbox_.empty());
  return count;
}

void SimExecutor::act(Act what) {
  core_->now_ns = world.now;
  switch (what) {
    case Act::hear:
      if (RecordBlock* block = control_.pop()) {
        hear(*block);
        block->home != nullptr ? block->home->give_back(block) : delete block;
      }
      break;
    case Act::input:
      take_input();
      break;
    case Act::emit:
      core_->congested = false;
      spout_->next();
      break;
    case Act::fire:
      window_->fire();
      break;
    case Act::held: {
      std::vector<SimBolt*> able;
      std::ranges::copy_if(bolts_, std::back_inserter(able),
                           [](const SimBolt* b) { return b->keeps_any(); });
      able[world.random.below(able.size())]->work_on_kept();
      break;
    }
    case Act::handed: {
      const std::size_t at =
          world.is(Mutant::hand_over_unordered) ? world.random.below(handed_.size()) : 0;
      const auto work = std::move(handed_[at]);
      handed_.erase(handed_.begin() + static_cast<std::ptrdiff_t>(at));
      work();
      break;
    }
    case Act::flush_batches:
      outputs_[world.random.below(outputs_.size())]->flush_batches();
      break;
    case Act::flush_records:
      flush_records();
      break;
    case Act::send_records:
      send_records();
      break;
    case Act::tell:  // comes with every act
    case Act::count:
      break;
  }
  for (const auto& child : children_) {
    child->flush_bolt();
  }
  if (spout_ != nullptr) {
    scan();
    run_callbacks();
    const Tracker& tracker = spout_->tracker();
    world.statistics.doubled += tracker.ring_size() > ring_ ? 1 : 0;
    world.statistics.overflowed += tracker.overflowed() > overflowed_ ? 1 : 0;
    ring_ = tracker.ring_size();
    overflowed_ = tracker.overflowed();
  }
}

void SimExecutor::tick() {
  Tracker& tracker = spout_->tracker();
  core_->now_ns = world.now;
  tracker.set_now(world.now);
  tracker.tick(world.is(Mutant::early_clock) ? world.now + world.settings.timeout_ns / 2
                                             : world.now);
  scan();
  run_callbacks();
}

void SimExecutor::rebind(const std::vector<Destination>& now) {
  if (world.is(Mutant::no_rebind)) {
    return;
  }
  const bool lose = world.is(Mutant::edges_dropped);
  if (lose) {
    core_->records.flush();
  }
  for (TaskOutput* output : outputs_) {
    output->rebind(now);
  }
  if (lose) {
    const auto kept = outbox_;
    core_->records.flush();
    outbox_ = kept;
  }
}

// --- input
// ------------------------------------------------------------------------------------------

void SimExecutor::push(const WireBatch& wire) {
  Batch* batch = arrivals_.take(wire.bytes.size());
  batch->to = wire.to;
  batch->from = wire.from;
  batch->input = wire.input;
  batch->rows = wire.rows;
  batch->bytes = static_cast<std::uint32_t>(wire.bytes.size());
  std::ranges::copy(wire.bytes, batch->data());
  batch->runs = wire.runs;
  batch->deltas = wire.deltas;
  inbox_.push(batch);
}

void SimExecutor::push(const WireRecords& wire) {
  auto* block = new RecordBlock;
  block->records = wire.records;
  block->deltas = wire.deltas;
  block->tokens = wire.tokens;
  control_.push(block);
}

void SimExecutor::take_input() {
  core_->congested = false;
  if (bolt_ != nullptr && bolt_->busy()) {
    end_input(bolt_->resume());
    return;
  }
  Batch* batch = inbox_.pop();
  if (batch == nullptr) {
    return;
  }
  if (window_ != nullptr) {
    window_->take(*batch);
    batch->release();
    return;
  }
  expected_rows_.clear();
  next_row_ = 0;
  const char* row = batch->data();
  for (std::uint32_t i = 0; i < batch->rows; ++i, row += row::length(row)) {
    expected_rows_.push_back(row_number(row));
  }
  end_input(bolt_->process(batch));
}

void SimExecutor::end_input(bool done) {
  if (!done) {
    ++world.statistics.suspended;
    return;
  }
  for (; next_row_ < expected_rows_.size(); ++next_row_) {
    world.oracle.skipped(expected_rows_[next_row_]);
  }
}

void SimExecutor::executing(const TaskOutput& task, std::int64_t row) {
  if (&task != bolt_.get()) {
    ++world.statistics.fused;
    return;
  }
  for (; next_row_ < expected_rows_.size() && expected_rows_[next_row_] != row; ++next_row_) {
    world.oracle.skipped(expected_rows_[next_row_]);
  }
  if (next_row_++ == expected_rows_.size()) {
    world.oracle.violate("I7 row ", row, " is executed and was not in the batch");
  }
}

void SimExecutor::hear(RecordBlock& block) {
  Tracker& tracker = spout_->tracker();
  tracker.set_now(world.now);
  for (Record& record : block.records) {
    if (world.is(Mutant::any_incarnation) && record.spout.task == task_) {
      record.spout.incarnation = incarnation_;
    }
    if (record.kind == RecordKind::reset && record.spout == tracker.self()) {
      world.oracle.reset({record.spout, record.root0}, world.now);
    }
    const std::size_t parked = tracker.parked();
    tracker.apply(record, block);
    world.statistics.parked += tracker.parked() > parked ? 1 : 0;
  }
}

// --- what ended
// -------------------------------------------------------------------------------------

void SimExecutor::scan() {
  Tracker& tracker = spout_->tracker();
  const auto& acks = tracker.acked();
  for (; scanned_acks_ < acks.size(); ++scanned_acks_) {
    const Acked& acked = acks[scanned_acks_];
    world.log(sim::to_string(Root{tracker.self(), acked.seq}), " of message ", acked.message,
              " is acked");
    ++world.statistics.acked;
    world.oracle.ended(tracker.self(), acked);
    ended_acks_.push_back({acked.message, false});
  }
  const auto& completions = tracker.completions();
  for (; scanned_ < completions.size(); ++scanned_) {
    const Completion& completion = completions[scanned_];
    const bool failed = completion.outcome == Completion::Outcome::failed;
    world.log(sim::to_string(Root{tracker.self(), completion.seq}), " of message ",
              completion.message, failed ? " fails: " : " is dead-lettered",
              failed ? rafale::to_string(completion.code) : "");
    ++(failed ? world.statistics.failed : world.statistics.acked);
    world.statistics.dead_lettered += failed ? 0 : 1;
    world.oracle.ended(tracker.self(), completion, world.now);
    ended_.push_back({completion.message, failed});
  }
}

void SimExecutor::told(std::uint64_t message, bool failed) {
  std::deque<Ended>& queue = telling_acks_.empty() ? telling_ : telling_acks_;  // acks come first
  if (queue.empty() || queue.front().message != message || queue.front().failed != failed) {
    world.oracle.violate("I3 message ", message, " is told out of turn");
    return;
  }
  queue.pop_front();
}

void SimExecutor::run_callbacks() {
  Tracker& tracker = spout_->tracker();
  scan();
  // The task takes what ended so far and tells it; what callbacks emit is told next time.
  telling_acks_ = std::exchange(ended_acks_, {});
  telling_ = std::exchange(ended_, {});
  scanned_acks_ = scanned_ = 0;
  spout_->run_callbacks();
  if (!telling_acks_.empty() || !telling_.empty()) {
    world.oracle.violate("I3 the end of a message is not told by task ", task_);
  }
  if (tracker.pending() + tracker.parked() != world.oracle.open(tracker.self())) {
    world.oracle.violate("I3 the tracker of task ", task_, " has ", tracker.pending(), " open and ",
                         tracker.parked(), " parked roots of ", world.oracle.open(tracker.self()));
  }
}

bool SimExecutor::exhausted() const { return !source_->owes() && spout_->tracker().pending() == 0; }

// --- output
// -----------------------------------------------------------------------------------------

void SimExecutor::emission(TaskOutput& from, Port port, std::vector<Root> keys,
                           const std::function<void(std::int64_t)>& emit) {
  Oracle& oracle = world.oracle;
  const std::int64_t row = oracle.new_row(std::move(keys));
  oracle.live(oracle.keys(row), 1);  // so that a fused child is not taken for the last
  std::vector<Lap> laps;
  each_lane(from, port, [&](const Lane& lane) {
    laps.push_back(
        {&lane, lane.open, lane.open != nullptr ? lane.open->rows : 0, deliveries_[lane.to.task]});
  });
  const Count& transferred = from.counters().port[port].transferred;
  const std::uint64_t before = transferred.get();
  const auto settle = [&] {
    const std::vector<Root> roots = oracle.keys(row);
    oracle.live(roots, static_cast<int>(transferred.get() - before) - 1);
    for (const Lap& lap : laps) {
      const Batch* open = lap.lane->open;
      if (open != lap.open || (open != nullptr && open->rows != lap.rows) ||
          deliveries_[lap.lane->to.task] != lap.deliveries) {  // may be the same block again
        oracle.touched(roots, {lap.lane->to.worker, lap.lane->to.instance});
      }
    }
  };
  try {
    emit(row);
  } catch (...) {
    settle();
    throw;
  }
  settle();
}

std::string SimExecutor::any_load() {
  if (world.settings.big_rows && world.random.chance(0.03)) {
    return std::string(20'000 + world.random.below(60'000), 'x');
  }
  return std::string(world.random.below(24), 'x');
}

TaskId SimExecutor::any_direct_target(const Component& of) {
  if (of.out[kPoint].empty()) {
    return 0;
  }
  const Component& to = world.graph.components()[of.out[kPoint][0].to];
  return to.first + static_cast<TaskId>(world.random.below(to.tasks));
}

bool SimExecutor::local(TaskId task) const {
  const Destination to = worker.destination(task);
  return world.settings.direct && Place{to.worker, to.instance} == me() &&
         worker.executor(task) != nullptr;
}

void SimExecutor::check_rows(const Batch& batch) {
  RunCursor cursor;
  cursor.start(batch);
  const char* row = batch.data();
  for (std::uint32_t i = 0; i < batch.rows; ++i, row += row::length(row)) {
    cursor.move_to(i);
    world.oracle.names(row_number(row), cursor.roots().all().first(cursor.roots().count));
    world.statistics.joined += cursor.roots().count > 1 ? 1 : 0;
  }
  world.statistics.rows += batch.rows;
  for (std::size_t i = 0; i < batch.runs.size(); ++i) {
    const Run& run = batch.runs[i];
    world.statistics.derived += run.derived() && run.n > 1 ? 1 : 0;
    world.statistics.far_apart +=
        i > 0 && run.spout == batch.runs[i - 1].spout && run.root0 > batch.runs[i - 1].root0 + 255
            ? 1
            : 0;
  }
}

bool SimExecutor::deliver(Batch* batch) {
  check_rows(*batch);
  const Destination to = batch->to;
  ++deliveries_[to.task];
  if (world.is(Mutant::row_lost) && world.random.chance(0.02)) {
    batch->release();
  } else if (Place{to.worker, to.instance} == me() && local(to.task)) {
    worker.executor(to.task)->push(batch);
  } else {
    WireBatch wire{.to = to,
                   .from = batch->from,
                   .input = batch->input,
                   .rows = batch->rows,
                   .bytes = std::string(batch->data(), batch->bytes),
                   .runs = batch->runs,
                   .deltas = batch->deltas};
    batch->release();
    worker.send(Channel::data, to.task, {worker.epoch(), to.task, std::move(wire)},
                {to.worker, to.instance});
  }
  return !(world.settings.congestion && world.random.chance(0.2));
}

void SimExecutor::deliver(TaskId spout_task, RecordBlock* block) {
  if (local(spout_task)) {
    worker.executor(spout_task)->push(block);
    return;
  }
  auto wire =
      std::make_shared<WireRecords>(WireRecords{block->records, block->deltas, block->tokens});
  block->home->give_back(block);
  const auto lose = [&](RecordKind kind) {
    std::erase_if(wire->records, [&](const Record& record) {
      return record.kind == kind && world.random.chance(0.02);
    });
  };
  if (world.is(Mutant::ack_lost)) {
    lose(RecordKind::ack);
  } else if (world.is(Mutant::emit_lost)) {
    lose(RecordKind::emit);
  }
  auto& box = outbox_[spout_task];
  const auto is = [](const WireRecords& records, RecordKind kind) {
    return !records.records.empty() && records.records.front().kind == kind;
  };
  const bool overtakes =
      !box.empty() && (world.is(Mutant::acks_first)
                           ? is(*box.back(), RecordKind::emit) && !is(*wire, RecordKind::emit)
                           : world.is(Mutant::releases_overtake) && is(*wire, RecordKind::release));
  box.insert(box.end() - (overtakes ? 1 : 0), std::move(wire));
}

void SimExecutor::flush_records() {
  if (!world.is(Mutant::emits_unreported)) {
    for (TaskOutput* output : outputs_) {
      output->report_emits();
    }
  }
  core_->records.flush();
}

void SimExecutor::send_records() {
  auto lane = outbox_.begin();
  std::advance(lane, world.random.below(outbox_.size()));
  const std::shared_ptr<WireRecords> block = lane->second.front();
  const TaskId to = lane->first;
  lane->second.pop_front();
  if (lane->second.empty()) {
    outbox_.erase(lane);
  }
  const Destination now = worker.destination(to);
  const std::vector<Record>& records = block->records;
  for (std::size_t i = 0; i < records.size();) {  // cut anywhere
    const std::size_t n = 1 + world.random.below(records.size() - i);
    const auto first = records.begin() + static_cast<std::ptrdiff_t>(i);
    WireRecords part{{first, first + static_cast<std::ptrdiff_t>(n)}, block->deltas, block->tokens};
    worker.send(Channel::ctl, to, {worker.epoch(), to, std::move(part)},
                {now.worker, now.instance});
    i += n;
  }
}

}  // namespace rafale::worker::sim
