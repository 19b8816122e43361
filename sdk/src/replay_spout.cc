// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// When a ReplaySpout emits what, and when it gives up.
#include "rafale/replay_spout.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "sdk/src/replay_store.h"

namespace rafale {
namespace {

constexpr int kReplaysPerCall = 64;
constexpr std::int64_t kNsPerMs = 1'000'000;

std::int64_t setting(const Config& config, std::string_view key, std::int64_t fallback,
                     std::int64_t at_least) {
  constexpr std::int64_t kAtMost = 1'000'000'000'000;
  const std::int64_t given = config.get<std::int64_t>(key, fallback);
  if (given < at_least) {
    throw std::invalid_argument(std::string(key) + ": expected at least " +
                                std::to_string(at_least) + ", given " + std::to_string(given));
  }
  return std::min(given, kAtMost);
}

}  // namespace

std::uint64_t ReplayCollector::keep_and_commit(detail::OutPort& port, std::size_t bytes) {
  const std::uint64_t number =
      store_->keep(StreamId{port.index}, port.stream, {port.cursor, bytes});
  try {
    emitter_->commit_message(port, bytes, MessageId{number});
  } catch (...) {
    store_->release(number);
    throw;
  }
  return number;
}

ReplaySpout::ReplaySpout() = default;
ReplaySpout::~ReplaySpout() = default;

void ReplaySpout::start(SpoutContext&) {}
void ReplaySpout::completed(std::uint64_t) {}

void ReplaySpout::open(SpoutContext& context) {
  const Config& config = context.config();
  context_ = &context;
  store_ = std::make_unique<detail::ReplayStore>();
  max_attempts_ = setting(config, "topology.max.attempts", max_attempts_, 1);
  backoff_ms_ = setting(config, "topology.replay.backoff.ms", backoff_ms_, 0);
  backoff_max_ms_ = setting(config, "topology.replay.backoff.max.ms", backoff_max_ms_, 0);
  max_open_ = static_cast<std::size_t>(
      setting(config, "topology.max.spout.pending", static_cast<std::int64_t>(max_open_), 1));
  start(context);
}

Next ReplaySpout::next_tuple(SpoutCollector& out) {
  if (replay_due(out.emitter())) return Next::emitted();
  if (exhausted_ || draining_ || store_->open() >= max_open_) return wait();

  ReplayCollector collector(out.emitter(), *store_);
  const Next fresh = produce(collector);
  if (fresh.kind() == Next::Kind::done) {
    exhausted_ = true;
    return wait();
  }
  if (fresh.kind() == Next::Kind::emitted || !store_->next_due()) return fresh;
  const Next replays = wait();
  constexpr std::int64_t kLongestChosenPause = 16 * kNsPerMs;
  const std::int64_t pause = fresh.pause_ns() == 0 ? kLongestChosenPause : fresh.pause_ns();
  return replays.pause_ns() < pause ? replays : fresh;
}

// Emits some of what is due again; true if there was any.
bool ReplaySpout::replay_due(detail::Emitter& emitter) {
  int emitted = 0;
  while (emitted < kReplaysPerCall) {
    const std::int64_t now = context_->now_ms();
    const auto number = store_->take_due(now);
    if (!number) break;
    const auto* entry = store_->find(*number);
    try {
      const auto [port, bytes] = emitter.write_row(entry->stream, store_->row(*entry));
      context_->note_replay();
      emitter.commit_message(*port, bytes, MessageId{*number});
    } catch (...) {
      store_->wait_until(*number, now + backoff_max_ms_);
      throw;
    }
    ++emitted;
  }
  return emitted > 0;
}

// What to say when there is nothing to emit now.
Next ReplaySpout::wait() const {
  if (const auto due = store_->next_due()) {
    return Next::idle_for(std::chrono::milliseconds(*due - context_->now_ms()));
  }
  return store_->open() == 0 && (exhausted_ || draining_) ? Next::done() : Next::idle();
}

void ReplaySpout::ack(MessageId id) {
  if (store_->find(id.value) != nullptr) finish(id.value);
}

void ReplaySpout::fail(MessageId id, const FailReason& reason) {
  auto* entry = store_->find(id.value);
  if (entry == nullptr || entry->state == detail::ReplayStore::State::waiting) return;
  if (reason.code == FailureCode::peer_lost) {
    if (store_->wait_until(id.value, context_->now_ms())) context_->wake();
  } else if (++entry->attempts < max_attempts_) {
    repeat_later(id.value, entry->attempts);
  } else {
    give_up(id.value, reason);
  }
}

void ReplaySpout::repeat_later(std::uint64_t number, std::uint32_t attempts) {
  std::int64_t pause = backoff_ms_;
  for (std::uint32_t i = 1; i < attempts && pause < backoff_max_ms_; ++i) pause *= 2;
  const std::int64_t due = context_->now_ms() + std::min(pause, backoff_max_ms_);
  if (store_->wait_until(number, due)) context_->wake();
}

void ReplaySpout::give_up(std::uint64_t number, const FailReason& reason) {
  const auto* entry = store_->find(number);
  const std::uint32_t attempts = entry->attempts;
  const Tuple row(entry->place.row, store_->stream(*entry), context_->task(), 0);
  Description about;
  try {
    about = describe(row);
  } catch (...) {
    about = ReplaySpout::describe(row);
  }
  const std::string why = reason.to_string();
  try {
    context_->dead_letter({about.record, why, about.source, about.position, attempts});
  } catch (const std::exception& e) {
    context_->collector().report_error(e.what());
    store_->wait_until(number, context_->now_ms() + backoff_max_ms_);
    return;
  }
  context_->note_dead_letter();
  finish(number);
}

// Forgets a message that is acked or given up.
void ReplaySpout::finish(std::uint64_t number) {
  const bool was_full = store_->open() >= max_open_;
  store_->release(number);
  if (was_full || (store_->open() == 0 && (exhausted_ || draining_))) context_->wake();
  completed(number);
}

ReplaySpout::Description ReplaySpout::describe(const Tuple& row) {
  return {row.to_json(), context_->component(), -1};
}

bool ReplaySpout::drains() {
  draining_ = true;
  return true;
}

}  // namespace rafale
