// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Emitting and hearing back. HOT PATH.
#include "worker/executor/spout_task.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "worker/executor/bolt_task.h"

namespace rafale::worker {
namespace {

constexpr std::size_t kStamps = 1 << 14;  // power of two; 16 * 16384 roots may be open and sampled

}  // namespace

SpoutTask::SpoutTask(ExecutorCore& core, std::string component, TaskId task,
                     std::vector<const detail::StreamInfo*> outputs, std::unique_ptr<Spout> spout,
                     const Tracker::Options& tracker, std::size_t max_pending)
    : TaskOutput(core, std::move(component), task, std::move(outputs)),
      spout_(std::move(spout)),
      collector_(*this),
      tracker_state_(tracker),
      max_pending_(max_pending),
      fused_root_(Roots::of(Root{tracker.self, 0})),
      stamps_(kStamps + kStampAll) {}

template <class F>
void SpoutTask::guarded(const char* what, F call) {
  try {
    call();
  } catch (const std::exception& e) {
    report_error(std::string(what) + ": " + e.what());
  } catch (...) {
    report_error(std::string(what) + " threw something that is no std::exception");
  }
}

void SpoutTask::open(SpoutContext& context) { spout_->open(context); }
void SpoutTask::activate() {
  guarded("activate()", [this] { spout_->activate(); });
}
void SpoutTask::deactivate() {
  guarded("deactivate()", [this] { spout_->deactivate(); });
}
void SpoutTask::close() {
  guarded("close()", [this] { spout_->close(); });
}
bool SpoutTask::drains() {
  bool owes = false;
  guarded("drains()", [&] { owes = spout_->drains(); });
  return owes;
}

SpoutTask::Burst SpoutTask::next_burst(int calls) {
  Burst burst;
  try {
    do {
      if (!may_emit()) [[unlikely]] {
        burst.throttled = true;
        break;
      }
      burst.last = spout_->next_tuple(collector_);
      if (burst.last.kind() != Next::Kind::emitted) [[unlikely]] {
        break;
      }
    } while (++burst.emitted < calls && !core_.congested);
    return burst;
  } catch (const std::exception& e) {
    report_error(std::string("next_tuple(): ") + e.what());
  } catch (...) {
    report_error("next_tuple() threw something that is no std::exception");
  }
  burst.last = Next::idle();
  return burst;
}

// --- emitting
// -------------------------------------------------------------------------------------------

void SpoutTask::count_emit() {
  if (replaying_) [[unlikely]] {
    replaying_ = false;
    counters_.replayed.add();
  } else {
    counters_.messages.add();
  }
}

void SpoutTask::commit_message(detail::OutPort& port, std::size_t bytes, MessageId id) {
  if (const FusedEdge& edge = fused_edge(port); edge.task != nullptr && core_.options.acking) {
    follow_fused(edge, port.cursor, id);
  } else {
    follow_to_lane(port, bytes, id);
  }
}

/// As follow(), where the only consumer is one task of this process: the root has one edge, which
/// is known before the root is opened, so no guard is needed.
[[gnu::noinline]] void SpoutTask::follow_to_lane(detail::OutPort& port, std::size_t bytes,
                                                 MessageId id) {
  Lane* lane = single_lane(port);
  if (lane == nullptr || !core_.options.acking || lane->to.worker != core_.options.worker)
      [[unlikely]] {
    follow(port, bytes, id, 0);
    return;
  }
  count_emit();
  counters_.port[port.index].emitted.add();
  counters_.port[port.index].transferred.add();
  append(*lane, port.cursor, bytes);
  const std::uint64_t seq = tracker_state_.next();
  const std::uint64_t edge = lane->runs.add(*lane->open, {tracker_state_.self(), seq}, core_.edges);
  tracker_state_.open(id.value, edge);
  stamp(seq);
  point_at(port, *lane);
  close_if_full(port, *lane);
}

/// As follow(), where the only consumer is fused.
[[gnu::always_inline]] inline void SpoutTask::follow_fused(const FusedEdge& edge, const char* row,
                                                           MessageId id) {
  count_emit();
  const std::uint64_t seq = tracker_state_.open(id.value);
  stamp(seq);
  fused_root_.one.seq = seq;
  try {
    edge.pass(row, task(), fused_root_);
  } catch (...) {
    tracker_state_.fail(seq, FailureCode::exception, task(), 0);
    throw;
  }
  tracker_state_.release_guard(seq);
}

void SpoutTask::follow(detail::OutPort& port, std::size_t bytes, MessageId id, TaskId direct_to) {
  count_emit();
  if (!core_.options.acking) {  // as in Storm: acked at once
    route(port, bytes, Roots::none(), direct_to);
    tracker_state_.acked().push_back({id.value, ~std::uint64_t{0}});
    return;
  }
  const std::uint64_t seq = tracker_state_.open(id.value);
  stamp(seq);
  try {
    route(port, bytes, Roots::of(Root{tracker_state_.self(), seq}), direct_to);
  } catch (...) {  // part of it may be on its way: as a failure, the message is not forgotten
    tracker_state_.fail(seq, FailureCode::exception, task(), 0);
    throw;
  }
  tracker_state_.release_guard(seq);
}

void SpoutTask::commit_anchored(detail::OutPort& port, std::size_t bytes, const Tuple&) {
  commit(port, bytes, {});
}

void SpoutTask::commit(detail::OutPort& port, std::size_t bytes, const detail::Origin& origin) {
  if (origin.message != nullptr) {
    follow(port, bytes, *origin.message, origin.direct_to);
    return;
  }
  counters_.unfollowed.add();
  route(port, bytes, Roots::none(), origin.direct_to);
}

// --- hearing back
// ---------------------------------------------------------------------------------------

void SpoutTask::run_callbacks() {
  // What a callback emits may end at once; that is told next time, so that this comes to an end.
  told_acks_.clear();
  std::swap(told_acks_, tracker_state_.acked());
  told_.clear();
  std::swap(told_, tracker_state_.completions());
  counters_.acked.add(told_acks_.size());
  tell_acks();
  for (const Completion& completion : told_) {
    if (completion.outcome == Completion::Outcome::failed) {
      tell_failure(completion);
    } else {
      counters_.dead_lettered.add();
      tell_ack(completion.message);
    }
  }
}

/// One guard around all acks, as most spouts do next to nothing in them.
void SpoutTask::tell_acks() {
  for (auto acked = told_acks_.begin(); acked != told_acks_.end();) {
    guarded("ack()", [&] {
      while (acked != told_acks_.end()) {
        const Acked& told = *acked++;
        if (sampled(told.seq)) [[unlikely]] {
          sample_latency(told.seq);
        }
        spout_->ack({told.message});
      }
    });
  }
}

void SpoutTask::tell_ack(std::uint64_t message) {
  guarded("ack()", [&] { spout_->ack({message}); });
}

void SpoutTask::tell_failure(const Completion& completion) {
  counters_.failed[static_cast<std::size_t>(completion.code)].add();
  const std::string text = core_.errors.text(completion.text);
  const FailReason reason{.code = completion.code,
                          .component = core_.component_of(completion.task),
                          .task = completion.task,
                          .text = text};
  gave_up_ = false;
  ++failures_;
  guarded("fail()", [&] { spout_->fail({completion.message}, reason); });
  if (std::exchange(gave_up_, false)) {
    counters_.dead_lettered.add();
  }
}

/// Where the stamp of a sampled root lies.
std::size_t SpoutTask::stamp_of(std::uint64_t seq) {
  return seq % kStampEvery == 0 ? (seq / kStampEvery) % kStamps : kStamps + seq;
}

void SpoutTask::sample_latency(std::uint64_t seq) {
  const std::uint32_t elapsed = stamp_now() - stamps_[stamp_of(seq)];
  counters_.complete_ns.add(std::int64_t{elapsed} << 10);
}

HeldTuple SpoutTask::hold(const Tuple& tuple) {
  return HeldTuple(tuple, Anchor(), HeldTuple::Owner(nullptr, [](void*) {}));
}

void SpoutTask::dead_letter(const AnchorRef*, const DeadLetter& letter) {
  core_.dead_letters.write(component(), task(), letter);
}

}  // namespace rafale::worker
