// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Small spouts and bolts for tests of the runtime, and a way to run a topology to its end.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rafale/rafale.h"
#include "worker/runtime/local_runtime.h"

namespace rafale::worker {

/// What a CountingSpout saw; shared by its tasks.
struct Ledger {
  std::mutex mutex;
  std::vector<int> acks;  // by message
  std::vector<int> fails;
  std::vector<FailureCode> codes;
  std::vector<std::string> texts;
  std::atomic<std::int64_t> open{0};
  std::atomic<std::int64_t> most_open{0};

  explicit Ledger(std::size_t messages) : acks(messages), fails(messages) {}
  /// Every message ended exactly once, all of them so.
  void expect_all_acked() {
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < acks.size(); ++i) {
      ASSERT_EQ(acks[i], 1) << "message " << i;
      ASSERT_EQ(fails[i], 0) << "message " << i;
    }
  }
};

/// Emits {id int64} for ids 0..n-1, shared out among its tasks, once each.
class CountingSpout final : public Spout {
 public:
  explicit CountingSpout(std::shared_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}
  void open(SpoutContext& context) override {
    next_ = context.task_index();
    step_ = context.task_count();
    context.report_lag(static_cast<std::int64_t>(ledger_->acks.size()));
  }
  Next next_tuple(SpoutCollector& out) override {
    if (next_ >= ledger_->acks.size()) {
      return Next::done();
    }
    const std::int64_t open = ++ledger_->open;
    if (open > ledger_->most_open) {
      ledger_->most_open = open;
    }
    out.emit(MessageId{next_}, static_cast<std::int64_t>(next_));
    next_ += step_;
    return Next::emitted();
  }
  void ack(MessageId id) override {
    --ledger_->open;
    const std::lock_guard lock(ledger_->mutex);
    ++ledger_->acks[id.value];
  }
  void fail(MessageId id, const FailReason& reason) override {
    --ledger_->open;
    const std::lock_guard lock(ledger_->mutex);
    ++ledger_->fails[id.value];
    ledger_->codes.push_back(reason.code);
    ledger_->texts.push_back(reason.to_string());
  }

 private:
  std::shared_ptr<Ledger> ledger_;
  std::uint64_t next_ = 0;
  std::uint64_t step_ = 1;
};

/// Emits ids 0..n-1 and repeats what failed.
class RepeatingSpout final : public ReplaySpout {
 public:
  explicit RepeatingSpout(std::int64_t n) : n_(n) {}
  Next produce(ReplayCollector& out) override {
    if (next_ == n_) {
      return Next::done();
    }
    out.emit(next_++);
    return Next::emitted();
  }

 private:
  std::int64_t n_;
  std::int64_t next_ = 0;
};

/// A Bolt made of a function.
class FunctionBolt final : public Bolt {
 public:
  using Function = std::function<void(const Tuple&, BoltCollector&)>;
  explicit FunctionBolt(Function f) : f_(std::move(f)) {}
  void execute(const Tuple& in, BoltCollector& out) override { f_(in, out); }

 private:
  Function f_;
};

/// A factory of bolts that share one function, as builder.bolt() takes it.
inline auto bolt_of(FunctionBolt::Function f) {
  return [f = std::move(f)] { return std::make_unique<FunctionBolt>(f); };
}

inline auto counting(std::shared_ptr<Ledger> ledger) {
  return [ledger = std::move(ledger)] { return std::make_unique<CountingSpout>(ledger); };
}

inline const Schema kId{{"id", FieldType::int64}};

inline std::int64_t id_of(const Tuple& in) { return in.get<std::int64_t>(0); }

/// Longer than anything takes that does not hang.
inline constexpr std::chrono::minutes kLong{1};

inline std::unique_ptr<LocalRuntime> start(TopologyBuilder& builder, LocalOptions options = {}) {
  if (options.dead_letter_dir.empty()) {
    options.dead_letter_dir = ::testing::TempDir() + "rafale_dead_letters";
  }
  auto runtime = LocalRuntime::start(builder.build(), std::move(options));
  EXPECT_TRUE(runtime.ok()) << runtime.status();
  return runtime.ok() ? std::move(*runtime) : nullptr;
}

/// Runs until every spout is done and nothing is open. A minute means that it hangs.
inline Snapshot run(TopologyBuilder& builder, LocalOptions options = {}) {
  auto runtime = start(builder, std::move(options));
  EXPECT_TRUE(runtime->wait_until_done(std::chrono::minutes(1)));
  EXPECT_TRUE(runtime->stop(std::chrono::minutes(1)));
  return runtime->snapshot();
}

inline const ComponentCounts& counts_of(const Snapshot& snapshot, const std::string& id) {
  for (const ComponentCounts& component : snapshot.components) {
    if (component.id == id) {
      return component;
    }
  }
  throw std::out_of_range("no component " + id);
}

}  // namespace rafale::worker
