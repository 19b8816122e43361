// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The topologies that stream processors are compared by: a spout of constant tuples before a bolt
// that reads them, with or without another that passes them on; or before one that counts by key.
//
//   rafale local perf.so --for 10s -c perf.topology=ConstSpoutNullBolt
//   rafale local perf.so --for 10s -c perf.parallelism=2 -c topology.acker.executors=0
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rafale/rafale.h"

namespace {

using namespace rafale;

/// What one task emits.
struct Load {
  std::string text;
  std::int64_t per_second = 0;  ///< 0: as much as it can
  std::int64_t messages = 0;    ///< 0: without end
  std::uint64_t keys = 0;       ///< numbers repeat after so many; 0: they do not
};

/// Emits {text, number}. The whole tuple follows from the message id, so a failed one is simply
/// emitted again.
class ConstSpout final : public Spout {
 public:
  explicit ConstSpout(Load load) : load_(std::move(load)) {}

  void open(SpoutContext& context) override {
    context_ = &context;
    start_ms_ = context.now_ms();
  }

  Next next_tuple(SpoutCollector& out) override {
    if (next_ == allowed_) return more();
    out.emit(MessageId{next_}, load_.text, number(next_));
    ++next_;
    return Next::emitted();
  }

  void fail(MessageId id, const FailReason&) override {
    context_->note_replay();
    context_->collector().emit(id, load_.text, number(id.value));
  }

 private:
  std::uint64_t number(std::uint64_t id) const { return load_.keys == 0 ? id : id % load_.keys; }

  /// Raises the limit up to which it may emit now.
  Next more() {
    const auto end =
        load_.messages == 0 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(load_.messages);
    if (next_ == end) return Next::done();
    if (load_.per_second == 0) {
      allowed_ = end;
      return Next::emitted();
    }
    const auto rate = static_cast<std::uint64_t>(load_.per_second);
    const auto elapsed_ms = static_cast<std::uint64_t>(context_->now_ms() - start_ms_);
    allowed_ = std::clamp(elapsed_ms * rate / 1000, next_, end);
    if (allowed_ > next_) return Next::emitted();
    const std::uint64_t due_ms = ((next_ + 1) * 1000 + rate - 1) / rate;
    return Next::idle_for(std::chrono::milliseconds(due_ms - elapsed_ms));
  }

  Load load_;
  SpoutContext* context_ = nullptr;
  std::int64_t start_ms_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t allowed_ = 0;
};

/// Passes on both fields, read and written anew.
class IdBolt final : public BasicBolt {
 public:
  void prepare(TaskContext& context) override {
    text_ = context.input("spout").field<std::string_view>("text");
    number_ = context.input("spout").field<std::int64_t>("number");
  }
  void execute(const Tuple& in, BasicCollector& out) override {
    out.emit(in.get(text_), in.get(number_));
  }

 private:
  Field<std::string_view> text_;
  Field<std::int64_t> number_;
};

/// Reads every field and keeps nothing of it but a sum.
class NullBolt final : public BasicBolt {
 public:
  explicit NullBolt(std::string from) : from_(std::move(from)) {}

  void prepare(TaskContext& context) override {
    context_ = &context;
    text_ = context.input(from_).field<std::string_view>("text");
    number_ = context.input(from_).field<std::int64_t>("number");
  }
  void execute(const Tuple& in, BasicCollector&) override {
    const std::string_view text = in.get(text_);
    const auto first = text.empty() ? 0 : static_cast<unsigned char>(text.front());
    sum_ += static_cast<std::uint64_t>(in.get(number_)) + text.size() + first;
  }
  /// The sum must be used, or the compiler would leave out what leads to it.
  void cleanup() override { context_->counter("checksum").add(static_cast<std::int64_t>(sum_)); }

 private:
  std::string from_;
  TaskContext* context_ = nullptr;
  Field<std::string_view> text_;
  Field<std::int64_t> number_;
  std::uint64_t sum_ = 0;
};

/// Counts how often each number came.
class CountBolt final : public BasicBolt {
 public:
  explicit CountBolt(std::uint64_t keys) : counts_(keys) {}

  void prepare(TaskContext& context) override {
    context_ = &context;
    number_ = context.input("spout").field<std::int64_t>("number");
  }
  void execute(const Tuple& in, BasicCollector&) override {
    ++counts_[static_cast<std::size_t>(in.get(number_))];
  }
  void cleanup() override {
    const auto seen = std::ranges::count_if(counts_, [](std::int64_t n) { return n > 0; });
    context_->counter("keys").add(seen);
  }

 private:
  TaskContext* context_ = nullptr;
  Field<std::int64_t> number_;
  std::vector<std::int64_t> counts_;
};

constexpr std::uint64_t kKeys = 65'536;

std::int64_t at_least(TopologyBuilder& builder, std::int64_t least, std::string key,
                      std::int64_t fallback, std::string help) {
  const std::int64_t given = builder.option(key, fallback, std::move(help));
  if (given >= least) return given;
  builder.mistake(key + ": expected at least " + std::to_string(least) + ", given " +
                  std::to_string(given));
  return fallback;
}

}  // namespace

RAFALE_TOPOLOGY("perf", builder) {
  constexpr std::string_view kShapes =
      "ConstSpoutNullBolt, ConstSpoutIdBoltNullBolt or ConstSpoutCountBolt";
  const auto which =
      builder.option("perf.topology", "ConstSpoutIdBoltNullBolt", std::string(kShapes));
  const bool with_id = which == "ConstSpoutIdBoltNullBolt";
  const bool counts = which == "ConstSpoutCountBolt";
  if (!with_id && !counts && which != "ConstSpoutNullBolt") {
    builder.mistake("perf.topology: there is no " + which + "; expected " + std::string(kShapes));
  }
  const std::int64_t tasks = at_least(builder, 1, "perf.parallelism", 1, "chains side by side");
  const std::int64_t bytes = at_least(builder, 0, "perf.string", 20, "length of the string");
  const std::int64_t rate =
      at_least(builder, 0, "perf.rate", 0, "tuples per second of all spouts; 0: no limit");
  const std::int64_t messages =
      at_least(builder, 0, "perf.messages", 0, "tuples of all spouts, then done; 0: without end");
  const bool fuse = builder.option("perf.fuse", true, "each chain runs in one turn of one thread");
  const bool apart =
      builder.option("perf.apart", false, "spouts run apart from the bolts, for other workers");

  const Schema schema{{"text", FieldType::string}, {"number", FieldType::int64}};
  const auto parallelism = static_cast<std::uint32_t>(tasks);
  const Load load{std::string(static_cast<std::size_t>(bytes), 'x'), (rate + tasks - 1) / tasks,
                  (messages + tasks - 1) / tasks, counts ? kKeys : 0};
  builder.spout("spout", [load] { return std::make_unique<ConstSpout>(load); })
      .output(schema)
      .parallelism(parallelism);
  if (counts) {
    builder.bolt("count", [] { return std::make_unique<CountBolt>(kKeys); })
        .fields("spout", {"number"})
        .parallelism(parallelism);
    return;
  }
  if (with_id) {
    builder.bolt("id", [] { return std::make_unique<IdBolt>(); })
        .local_or_shuffle("spout")
        .output(schema)
        .parallelism(parallelism)
        .fuse(fuse && !apart);
  }
  const std::string last = with_id ? "id" : "spout";
  builder.bolt("null", [last] { return std::make_unique<NullBolt>(last); })
      .local_or_shuffle(last)
      .parallelism(parallelism)
      .fuse(fuse && (with_id || !apart));
}
