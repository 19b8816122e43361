// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One task of a spout: its user code, its tracker, its callbacks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rafale/spout.h"
#include "worker/ack/tracker.h"
#include "worker/executor/task_output.h"

namespace rafale::worker {

/// HOT PATH, see TaskOutput. The tracker is used by this task and by what is fused to it, all on
/// one thread, so it has no lock. Callbacks run in run_callbacks() only, never in the middle of a
/// record message or of an emit.
class SpoutTask final : public TaskOutput {
 public:
  SpoutTask(ExecutorCore& core, std::string component, TaskId task,
            std::vector<const detail::StreamInfo*> outputs, std::unique_ptr<Spout> spout,
            const Tracker::Options& tracker, std::size_t max_pending);

  /// Runs open(). Exceptions pass through.
  void open(SpoutContext& context);
  void activate();
  void deactivate();
  void close();
  /// Asks whether the spout still owes something: see Spout::drains().
  bool drains();

  /// What came of several calls of next_tuple().
  struct Burst {
    int emitted = 0;              ///< calls that emitted or have more at once
    bool throttled = false;       ///< ended as the limit of open messages was reached
    Next last = Next::emitted();  ///< the last answer; an exception is reported and counts as idle
  };
  /// Calls next_tuple() up to `calls` times: as long as it emits, its limit of open messages is not
  /// reached and no consumer is congested.
  Burst next_burst(int calls);
  /// Calls next_tuple() once.
  Next next() { return next_burst(1).last; }
  /// The spout has less than its limit of messages open.
  bool may_emit() const { return tracker_state_.pending() < max_pending_; }
  /// Whether something ended that the spout was not told of.
  bool has_news() const {
    return !tracker_state_.acked().empty() || !tracker_state_.completions().empty();
  }
  /// ack() and fail() for what ended so far.
  void run_callbacks();

  /// fail() calls so far.
  std::uint64_t failures() const { return failures_; }

  Tracker& tracker() { return tracker_state_; }
  SpoutCollector& collector() { return collector_; }
  /// The next emit repeats a message.
  void note_replay() { replaying_ = true; }
  /// The message whose fail() runs was written to the dead letters.
  void note_dead_letter() { gave_up_ = true; }

  void commit_message(detail::OutPort& port, std::size_t bytes, MessageId id) override;
  void commit_anchored(detail::OutPort& port, std::size_t bytes, const Tuple& anchor) override;
  void commit(detail::OutPort& port, std::size_t bytes, const detail::Origin& origin) override;
  // A spout has no input: these do nothing.
  void ack(const Tuple&) override {}
  void fail(const Tuple&, std::string_view) override {}
  void reset_timeout(const Tuple&) override {}
  void ack(Anchor&) override {}
  void fail(Anchor&, std::string_view) override {}
  void reset_timeout(const Anchor&) override {}
  Anchor detach(const Tuple&) override { return {}; }
  HeldTuple hold(const Tuple& tuple) override;
  void dead_letter(const AnchorRef* anchor, const DeadLetter& letter) override;

 private:
  void follow_to_lane(detail::OutPort& port, std::size_t bytes, MessageId id);
  void follow_fused(const FusedEdge& edge, const char* row, MessageId id);
  void follow(detail::OutPort& port, std::size_t bytes, MessageId id, TaskId direct_to);
  void count_emit();
  void tell_acks();
  void tell_ack(std::uint64_t message);
  void tell_failure(const Completion& completion);
  template <class F>
  void guarded(const char* what, F call);
  std::uint32_t stamp_now() const { return static_cast<std::uint32_t>(core_.now_ns >> 10); }

  std::unique_ptr<Spout> spout_;
  SpoutCollector collector_;
  Tracker tracker_state_;
  std::size_t max_pending_;
  std::uint64_t failures_ = 0;
  bool replaying_ = false;
  bool gave_up_ = false;
  Roots fused_root_;              // that the fused consumers are running for
  std::vector<Acked> told_acks_;  // being told
  std::vector<Completion> told_;
  // When sampled roots were emitted, in units of 1.024 us: root seq lies at seq / kStampEvery.
  static constexpr std::uint64_t kStampEvery = 16;
  static constexpr std::uint64_t kStampAll = 4096;  // all of the first are sampled
  static bool sampled(std::uint64_t seq) { return seq % kStampEvery == 0 || seq < kStampAll; }
  static std::size_t stamp_of(std::uint64_t seq);
  void stamp(std::uint64_t seq) {
    if (sampled(seq)) [[unlikely]] {
      stamps_[stamp_of(seq)] = stamp_now();
    }
  }
  void sample_latency(std::uint64_t seq);
  std::vector<std::uint32_t> stamps_;
};

}  // namespace rafale::worker
