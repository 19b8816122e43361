// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One task of a bolt: runs user code over rows and keeps account of what was acked.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rafale/bolt.h"
#include "worker/executor/task_output.h"

namespace rafale::worker {

/// The object of user code: one of the two is set.
struct BoltInstance {
  std::unique_ptr<Bolt> bolt;
  std::unique_ptr<BasicBolt> basic;
};

/// HOT PATH, see TaskOutput. Takes input in two ways: batches from its executor's inbox, through
/// process(); or single rows from a fused producer, through execute_fused(). Acks are collected for
/// a whole batch and leave as slices of its runs. Exceptions of user code end here.
class BoltTask final : public TaskOutput {
 public:
  BoltTask(ExecutorCore& core, std::string component, TaskId task,
           std::vector<const detail::StreamInfo*> outputs,
           std::vector<const detail::StreamInfo*> inputs, BoltInstance instance);

  ~BoltTask() override;

  /// Runs prepare(). Exceptions pass through.
  void prepare(TaskContext& context);
  /// Runs cleanup(); an exception is reported.
  void cleanup();

  /// Works on a batch, of which it takes the reference, until it is done, core.congested is set or
  /// the slice's time is over; if it returns false, call resume() until that returns true.
  bool process(Batch* batch);
  bool resume();
  bool busy() const { return batch_ != nullptr; }

  /// The stream behind one of its inputs.
  const detail::StreamInfo* input(std::uint16_t number) const { return inputs_[number]; }
  /// One row of a producer that runs in the same executor. Returns when user code does.
  inline void execute_fused(const char* row, const detail::StreamInfo* input, TaskId from,
                            const Roots& roots);
  /// A tick tuple: `row` has one int64 field, the interval in milliseconds.
  void tick(const char* row, const detail::StreamInfo& stream);
  /// Lets the bolt write out what it buffers. To be called between batches.
  void flush_bolt();

  void commit_message(detail::OutPort& port, std::size_t bytes, MessageId id) override;
  void commit_anchored(detail::OutPort& port, std::size_t bytes, const Tuple& anchor) override;
  void commit(detail::OutPort& port, std::size_t bytes, const detail::Origin& origin) override;
  void ack(const Tuple& tuple) override;
  void fail(const Tuple& tuple, std::string_view text) override;
  void reset_timeout(const Tuple& tuple) override;
  void ack(Anchor& anchor) override;
  void fail(Anchor& anchor, std::string_view text) override;
  void reset_timeout(const Anchor& anchor) override;
  Anchor detach(const Tuple& tuple) override;
  HeldTuple hold(const Tuple& tuple) override;
  void dead_letter(const AnchorRef* anchor, const DeadLetter& letter) override;

 private:
  enum State : std::uint8_t { kOpen, kAcked, kFailed, kDetached };
  // A Tuple carries this much of the frame's generation, so that one used after its time is
  // noticed.
  static constexpr std::uint32_t kRowBits = 11;
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};  // no tuple has it

  void begin_batch(Batch* batch);
  void end_batch();
  inline void run_present();
  void run_timed();
  void execute_present() {
    if (basic_ != nullptr) [[likely]] {
      basic_->execute(present_, basic_collector_);
      if (*state_ == kOpen) {
        *state_ = kAcked;
        counters_.acked.add();
      }
    } else {
      bolt_->execute(present_, collector_);
    }
  }
  void leave_open(const Roots& roots);
  void user_threw(const std::exception* error);
  bool over(const Roots& roots) const;
  bool slice_is_over() const;
  void report_acks(std::uint32_t to_row);
  void fail_roots(const Roots& roots, FailureCode code, std::string_view text);
  void user_failed(std::string_view text);
  State& state_of(const Tuple& tuple, const char* what) {
    if (tuple.slot() != present_slot_) [[unlikely]] {
      throw_stale(what);
    }
    return *state_;
  }
  [[noreturn]] void throw_stale(const char* what) const;
  void collect_roots(std::span<const AnchorRef> anchors, std::vector<Root>& roots);
  void open_edges(Anchor& anchor, const Roots& roots);
  const Roots& roots() const { return *roots_; }

  std::vector<const detail::StreamInfo*> inputs_;
  BoltInstance instance_;
  Bolt* bolt_;
  BasicBolt* basic_;
  BoltCollector collector_;

  // What is being executed. The tuple and its collector have a fixed place, so that nothing has to
  // be set up for each row but the tuple.
  Tuple present_;
  std::uint32_t present_slot_ = kNoSlot;  // of present_, while it may be used
  std::uint32_t generation_ = 0;
  const Roots* roots_ = nullptr;
  State* state_ = nullptr;
  BasicCollector basic_collector_{present_, collector_};
  std::uint32_t row_ = 0;  // of the batch in work
  State fused_state_ = kOpen;
  std::uint32_t until_sample_ = 1;
  std::uint32_t samples_ = 0;

  // The batch in work.
  Batch* batch_ = nullptr;
  const char* at_ = nullptr;
  RunCursor cursor_;
  bool check_floors_ = false;
  std::size_t held_in_batch_ = 0;  // bytes
  std::uint32_t ack_run_ = 0;      // first run with rows whose acks are not written
  std::uint64_t ack_root_ = 0;     // its root at row ack_row_
  std::uint32_t ack_row_ = 0;
  std::array<State, Batch::kMaxRows> states_{};
  std::vector<Root> several_;  // scratch of commit()
};

/// Runs user code on present_, whose state_, roots_ and slot are set.
[[gnu::always_inline]] inline void BoltTask::run_present() {
  counters_.executed.add();
  try {
    if (--until_sample_ == 0) [[unlikely]] {
      run_timed();
    } else {
      execute_present();
    }
  } catch (const std::exception& e) {
    user_threw(&e);
  } catch (...) {
    user_threw(nullptr);
  }
}

[[gnu::always_inline]] inline void BoltTask::execute_fused(const char* row,
                                                           const detail::StreamInfo* input,
                                                           TaskId from, const Roots& roots) {
  present_slot_ = ++generation_ << kRowBits;
  present_ = Tuple(row, input, from, present_slot_);
  roots_ = &roots;
  fused_state_ = kOpen;
  state_ = &fused_state_;
  run_present();
  present_slot_ = kNoSlot;  // a Tuple that is used after its time is noticed
  if (fused_state_ == kOpen && roots.count > 0) [[unlikely]] {
    leave_open(roots);
  }
}

[[gnu::always_inline]] inline void TaskOutput::FusedEdge::pass(const char* row, TaskId from,
                                                               const Roots& roots) const {
  counters->emitted.add();
  counters->transferred.add();
  task->execute_fused(row, input, from, roots);
}

}  // namespace rafale::worker
