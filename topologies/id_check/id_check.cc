// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Emits the numbers 0 to ids.count - 1 and writes each that arrives to a file: whatever is killed
// meanwhile, every number must be in the files in the end, at least once.
//
//   rafale submit id_check.so --wait -c ids.count=1000000 -c ids.rate=50000 -c ids.output=/tmp/ids
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

#include "connectors/file/line_sink.h"
#include "connectors/file/line_writer.h"
#include "connectors/file/output_directory.h"
#include "rafale/rafale.h"

namespace {

using namespace rafale;

/// Of n tasks, task i emits i, i + n, i + 2n and so on: its positions 0, 1, 2. It goes on where it
/// was when its worker died.
class Ids final : public ReplaySpout {
 public:
  Ids(std::int64_t count, std::int64_t rate, std::string output)
      : count_(count), rate_(rate), output_(std::move(output)) {}

  void start(SpoutContext& context) override {
    position_.emplace(output_.empty() ? "" : output_ + "/positions", context.component(),
                      context.task_index());
    next_ = position_->begin();
    started_ms_ = context.now_ms();
  }

  Next produce(ReplayCollector& out) override {
    position_->keep(context().now_ms());
    const auto id =
        static_cast<std::int64_t>(next_ * context().task_count()) + context().task_index();
    if (id >= count_) return Next::done();
    if (const std::int64_t wait = early_by_ms(); wait > 0)
      return Next::idle_for(std::chrono::milliseconds(wait));
    positions_[out.emit(id)] = next_++;
    ++emitted_;
    return Next::emitted();
  }

  void completed(std::uint64_t number) override {
    const auto found = positions_.find(number);
    if (found == positions_.end()) return;
    position_->complete(found->second);
    positions_.erase(found);
    const bool last = positions_.empty();
    last ? position_->keep_now() : position_->keep(context().now_ms());
  }

 private:
  /// How long to wait so that all tasks together emit ids.rate a second.
  std::int64_t early_by_ms() {
    if (rate_ <= 0) return 0;
    const std::int64_t now = context().now_ms();
    const std::int64_t due =
        started_ms_ + emitted_ * 1000 * static_cast<std::int64_t>(context().task_count()) / rate_;
    return std::max<std::int64_t>(due - now, 0);
  }

  const std::int64_t count_;
  const std::int64_t rate_;
  const std::string output_;
  std::optional<SourcePosition> position_;
  std::unordered_map<std::uint64_t, std::uint64_t> positions_;  // of open messages, by number
  std::uint64_t next_ = 0;
  std::int64_t emitted_ = 0;
  std::int64_t started_ms_ = 0;
};

/// Passes an id on.
class Pass final : public BasicBolt {
 public:
  void execute(const Tuple& in, BasicCollector& out) override { out.emit(in.get<std::int64_t>(0)); }
};

/// One id a line, in a file of its own.
class Write final : public Bolt {
 public:
  explicit Write(std::string output) : output_(std::move(output)) {}

  void prepare(TaskContext& context, BoltCollector&) override {
    if (output_.empty()) {
      sink_.emplace(connectors::LineWriter::standard_output(), connectors::LineSink::OnError::fail);
      return;
    }
    connectors::make_output_directory(output_);
    sink_.emplace(
        connectors::LineWriter(output_ + "/ids-" + std::to_string(context.task_index()) + ".txt",
                               connectors::LineWriter::Options{.append = true}),
        connectors::LineSink::OnError::fail);
  }
  void execute(const Tuple& in, BoltCollector& out) override {
    sink_->text() += std::to_string(in.get<std::int64_t>(0)) + '\n';
    sink_->add(in, out);
  }
  void flush(BoltCollector& out) override { sink_->flush(out); }

 private:
  const std::string output_;
  std::optional<connectors::LineSink> sink_;
};

}  // namespace

RAFALE_TOPOLOGY("id_check", builder) {
  const auto count = builder.option("ids.count", 1'000'000, "ids to emit");
  const auto rate = builder.option("ids.rate", 0, "ids per second of all spouts; 0: no limit");
  const auto output = builder.option("ids.output", "", "directory of ids-*.txt; empty: console");
  const auto tasks =
      static_cast<unsigned>(builder.option("ids.parallelism", 2, "tasks of each component"));
  builder.spout("ids", [=] { return std::make_unique<Ids>(count, rate, output); })
      .parallelism(tasks)
      .output({{"id", FieldType::int64}});
  builder.bolt("shuffled", [] { return std::make_unique<Pass>(); })
      .parallelism(tasks)
      .output({{"id", FieldType::int64}})
      .shuffle("ids");
  builder.bolt("keyed", [] { return std::make_unique<Pass>(); })
      .parallelism(tasks)
      .output({{"id", FieldType::int64}})
      .fields("shuffled", {"id"});
  builder.bolt("write", [=] { return std::make_unique<Write>(output); })
      .parallelism(tasks)
      .shuffle("keyed");
}
