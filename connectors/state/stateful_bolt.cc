// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// When snapshots are made, and whose acks wait for them.
#include "connectors/state/stateful_bolt.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "connectors/state/state_store.h"
#include "connectors/state/state_table.h"
#include "rafale/config.h"
#include "rafale/config_keys.h"

namespace rafale::connectors {
namespace {

constexpr std::size_t kMostWaiting = 16384;
constexpr std::size_t kMostBytes = std::size_t{64} << 20;
// For one tick, so that it does not hold up tuples for long; the rest comes with the next.
constexpr std::size_t kMostExpired = 20'000;
constexpr std::size_t kMostTimers = 20'000;

}  // namespace

StatefulBolt::StatefulBolt()
    : task_(std::make_unique<state::TaskState>()), store_(std::make_unique<state::StateStore>()) {}

StatefulBolt::~StatefulBolt() = default;

void StatefulBolt::start(TaskContext&, BoltCollector&) {}
void StatefulBolt::went_back() {}
void StatefulBolt::stop() {}

void StatefulBolt::add(state::StateTable& table) {
  for (const state::StateTable* other : tables_) {
    if (other->name() == table.name()) {
      throw std::invalid_argument("two states are named '" + table.name() + "'");
    }
  }
  tables_.push_back(&table);
}

void StatefulBolt::prepare(TaskContext& context, BoltCollector& out) {
  context_ = &context;
  out_ = &out;
  interval_ms_ =
      context.config().get<std::int64_t>("topology.state.checkpoint.interval.ms", interval_ms_);
  tick_ms_ = tick_interval_ms(context.config());
  open(context);
  last_ms_ = context.wall_ms();
  start(context, out);
  const auto wants_ticks = [](const state::StateTable* table) { return table->wants_ticks(); };
  if (tick_ms_ == 0 && (on_disk() || std::ranges::any_of(tables_, wants_ticks))) {
    throw std::invalid_argument("component '" + context.component() +
                                "' keeps state and has no ticks: declare it with tick()");
  }
}

bool StatefulBolt::on_disk() const { return store_->on_disk(); }

void StatefulBolt::open(TaskContext& context) {
  const auto dir = context.config().get<std::string>("topology.state.dir", "");
  if (!dir.empty()) {
    state::Identity identity{.component = context.component(),
                             .index = context.task_index(),
                             .tasks = context.task_count(),
                             .tables = {}};
    for (const state::StateTable* table : tables_) {
      identity.tables.emplace(table->name(), table->holds());
    }
    store_ = std::make_unique<state::StateStore>(dir + "/" + context.topology() + "/" +
                                                     context.component() + "-" +
                                                     std::to_string(context.task_index()),
                                                 identity);
    context.counter(store_->was_there() ? "state_tasks_restored" : "state_tasks_empty").add();
  }
  task_->store = store_.get();
  task_->now_ms = [&context] { return context.wall_ms(); };
  for (state::StateTable* table : tables_) table->attach(*task_);
}

void StatefulBolt::execute(const Tuple& in, BoltCollector& out) {
  if (in.is_tick()) {
    on_tick(out);
    return;
  }
  task_->touched = false;
  BasicCollector anchored(in, out);
  process(in, anchored);
  if (!task_->touched) {
    out.ack(in);
    return;
  }
  waiting_.push_back(out.detach(in));
  if (waiting_.size() >= kMostWaiting || store_->pending_bytes() >= kMostBytes) snapshot(out);
}

void StatefulBolt::on_tick(BoltCollector& out) {
  std::vector<std::string> errors;
  try {
    for (state::StateTable* table : tables_) {
      table->remove_expired(kMostExpired);
      table->fire_due(kMostTimers, out, errors);
    }
  } catch (const std::exception& error) {  // of the disk; tuples that wait must hear of it
    errors.emplace_back(error.what());
  }
  for (const std::string& error : errors) out.report_error(error);
  if (is_due()) snapshot(out);
}

// A tick comes a little early or late: the one that is nearest counts. A calendar that was set back
// must not stop snapshots.
bool StatefulBolt::is_due() const {
  const std::int64_t passed = context_->wall_ms() - last_ms_;
  return passed < 0 || passed >= interval_ms_ - tick_ms_ / 2;
}

void StatefulBolt::snapshot(BoltCollector& out) {
  last_ms_ = context_->wall_ms();
  std::vector<Anchor> done = std::exchange(waiting_, {});
  try {
    store_->commit();
  } catch (const std::exception& error) {
    store_->discard();
    out.report_error(error.what());
    for (Anchor& anchor : done) out.fail(anchor, error.what());
    went_back();
    return;
  }
  for (Anchor& anchor : done) out.ack(anchor);
}

void StatefulBolt::cleanup() {
  if (out_ == nullptr) return;
  stop();
  snapshot(*out_);
  store_ = std::make_unique<state::StateStore>();  // lets go of the directory
  task_->store = store_.get();
}

}  // namespace rafale::connectors
