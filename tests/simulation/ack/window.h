// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A window task: parks its input and releases it when its results are acked.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "tests/simulation/ack/user_code.h"

namespace rafale::worker::sim {

/// The emitting half: results are roots of the window task, told of their end like any spout's.
class WindowSource final : public Source {
 public:
  WindowSource(SimExecutor& at, const Component& component) : Source(at, component) {}
  void bind(WindowTask& window) { window_ = &window; }

  Next next_tuple(SpoutCollector& out) override;
  void ack(MessageId id) override;
  void fail(MessageId id, const FailReason& reason) override;
  bool owes() const override { return !again_.empty(); }
  bool ready() const override;
  void emit_result(std::uint64_t window, std::uint64_t number, SpoutCollector& out) {
    emit_root(window * kMostResults + number, out);
  }
  static constexpr std::uint64_t kMostResults = 16;

 private:
  WindowTask* window_ = nullptr;
  std::deque<std::uint64_t> again_;  // failed results, from window state
};

/// The reading half, and the windows themselves: of so many rows, tumbling or overlapping by one.
class WindowTask {
 public:
  WindowTask(SimExecutor& at, SpoutTask& out, WindowSource& source);

  void take(Batch& batch);
  bool due() const;
  void fire();
  void result_acked(std::uint64_t window);

 private:
  void window_acked(std::uint64_t window);
  void release(std::uint64_t window);
  Token token(std::uint64_t window) const;
  void keep_or_ack(Anchor anchor, const std::vector<Root>& keys);

  SimExecutor& at_;
  SpoutTask& out_;
  WindowSource& source_;
  std::shared_ptr<WindowLog> log_;
  std::uint64_t window_ = 0;  // that fills now
  std::uint64_t filled_ = 0;
  std::int64_t last_filled_ = -1;
  std::uint64_t low_ = 0;                           // all below are released
  std::map<std::uint64_t, std::uint64_t> results_;  // of fired windows, those not acked
  std::vector<SpoutRef> parked_for_;
  struct Open {  // a mutant's
    Anchor anchor;
    std::vector<Root> keys;
  };
  std::vector<Open> held_;
};

}  // namespace rafale::worker::sim
