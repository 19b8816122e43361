// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the simulated bolts do with a tuple.
#include "tests/simulation/ack/user_code.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rafale::worker::sim {
namespace {

constexpr TaskId kNoTask = 9999;

int any_fan_out(Random& random) {
  constexpr int kFanOut[] = {0, 1, 1, 1, 2, 4};
  return kFanOut[random.below(6)];
}

}  // namespace

// --- SimBolt
// ------------------------------------------------------------------------------------------

SimBolt::SimBolt(SimExecutor& at, const Component& component)
    : at_(at), component_(component), fields_(component.streams[0].schema) {}

void SimBolt::execute(const Tuple& tuple, BoltCollector& out) {
  const std::int64_t row = tuple.get(fields_.row);
  at_.executing(*task_, row);
  const std::vector<Root> keys = at_.world.oracle.keys(row);
  Input in{tuple, keys, tuple.get(fields_.hops)};
  Random& random = at_.world.random;
  emit_some(in, out);
  maybe_reset(in, out);
  if (at_.world.settings.congestion && random.chance(0.05)) {
    at_.core().congested = true;
  }
  const double choice = random.unit();
  if (at_.world.settings.fails && choice < 0.06) {
    at_.world.oracle.spoiled(keys);
    if (random.chance(0.5)) {
      throw std::runtime_error("thrown after emitting");
    }
    out.fail(tuple, "failed");
    in.state = In::closed;
  } else if (choice < 0.26) {
    keep(in, out);
  } else if (choice < 0.32) {
    hand_over(in, out);
  } else if (at_.world.settings.forgets && choice < 0.36) {
    return;  // neither acked nor failed
  } else {
    finish(in, out);
  }
  after_the_end(in, out);
}

void SimBolt::emit_some(Input& in, BoltCollector& out) {
  Random& random = at_.world.random;
  std::vector<const Kept*> with;
  if (!kept_.empty() && random.chance(0.3)) {
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      with.push_back(any_kept());
    }
  }
  for (int n = any_fan_out(random); n > 0; --n) {
    const bool anchored = !random.chance(0.1);
    emit_one(anchored ? &in : nullptr, anchored ? with : std::vector<const Kept*>{}, out);
  }
}

Port SimBolt::any_port(std::int64_t hops) {
  const std::uint64_t choice = at_.world.random.below(100);
  if (choice < 55) {
    return kMain;
  }
  if (choice < 67) {
    return kWide;
  }
  if (choice < 77) {
    return kPoint;
  }
  if (choice < 82) {
    return kVoid;
  }
  if (choice < 93) {
    return kInner;
  }
  return hops < 2 ? kBack : kMain;
}

/// Emits one row anchored to the input, to kept tuples, or to nothing. `promised`: the roots that
/// it must hang on, if they were fixed earlier.
void SimBolt::emit_one(const Input* in, const std::vector<const Kept*>& with, BoltCollector& out,
                       const std::vector<Root>* promised) {
  std::vector<Root> keys;
  std::int64_t hops = in != nullptr ? in->hops : 0;
  const auto add = [&keys](const std::vector<Root>& more) {
    keys.insert(keys.end(), more.begin(), more.end());
  };
  std::vector<AnchorRef> anchors;
  if (in != nullptr) {
    anchors.emplace_back(in->tuple);
    if (in->state != In::closed) {
      add(in->keys);
    }
  }
  for (const Kept* kept : with) {
    anchors.push_back(kept->ref());
    hops = std::max(hops, kept->hops);
    if (kept->open()) {
      add(kept->keys);
    }
  }
  if (promised != nullptr) {
    keys = *promised;
  }
  Port port = any_port(hops);
  TaskId to = 0;
  if (port == kPoint) {
    to = at_.any_direct_target(component_);
    if (to == 0 || anchors.size() != 1) {
      port = kMain;
    } else if (at_.world.settings.fails && in != nullptr && in->state == In::open &&
               at_.world.random.chance(0.1)) {
      at_.world.oracle.spoiled(in->keys);
      to = kNoTask;  // throws
    }
  }
  const StreamId stream{port};
  const std::int64_t next_hops = hops + (port == kBack ? 1 : 0);
  at_.emission(*task_, port, std::move(keys), [&](std::int64_t row) {
    const std::string key = at_.any_key();
    const std::string load = at_.any_load();
    if (anchors.empty()) {
      out.emit(stream, kUnanchored, row, next_hops, key, load);
    } else if (port == kPoint && in != nullptr) {
      out.emit_direct(to, stream, in->tuple, row, next_hops, key, load);
    } else if (port == kPoint) {
      const Kept& kept = *with.front();
      kept.held ? out.emit_direct(to, stream, *kept.held, row, next_hops, key, load)
                : out.emit_direct(to, stream, kept.anchor, row, next_hops, key, load);
    } else if (anchors.size() == 1 && in != nullptr) {
      out.emit(stream, in->tuple, row, next_hops, key, load);
    } else {
      out.emit(stream, std::span<const AnchorRef>(anchors), row, next_hops, key, load);
    }
  });
}

void SimBolt::maybe_reset(const Input& in, BoltCollector& out) {
  if (!at_.world.random.chance(0.05)) {
    return;
  }
  out.reset_timeout(in.tuple);
  if (at_.tracker() != nullptr) {  // at once, there is no record of it
    for (const Root& root : in.keys) {
      at_.world.oracle.reset(root, at_.world.now);
    }
  }
}

void SimBolt::keep(Input& in, BoltCollector& out) {
  auto kept = std::make_unique<Kept>();
  kept->keys = in.keys;
  kept->hops = in.hops;
  if (at_.world.random.chance(0.5)) {
    kept->held = out.hold(in.tuple);
  } else {
    kept->anchor = out.detach(in.tuple);
  }
  in.state = In::kept;
  at_.world.oracle.touched(in.keys, at_.me());
  kept_.push_back(std::move(kept));
}

/// Another thread finishes the tuple: it hands over first an emit, then the ack.
void SimBolt::hand_over(Input& in, BoltCollector& out) {
  auto kept = std::make_shared<Kept>();
  kept->keys = in.keys;
  kept->hops = in.hops;
  kept->anchor = out.detach(in.tuple);
  in.state = In::kept;
  at_.world.oracle.touched(in.keys, at_.me());
  at_.hand_over([this, kept] {
    BoltCollector collector(*task_);
    emit_one(nullptr, {kept.get()}, collector, &kept->keys);
  });
  at_.hand_over([this, kept] {
    BoltCollector collector(*task_);
    close(*kept, false, collector);
  });
}

void SimBolt::finish(Input& in, BoltCollector& out) {
  if (at_.world.random.chance(0.03)) {
    at_.world.oracle.marked(in.keys);
    out.dead_letter(in.tuple, {.record = "r", .reason = "no use", .source = "s"});
  }
  at_.world.oracle.live(in.keys, -1);
  out.ack(in.tuple);
  in.state = In::closed;
}

/// What must not have any effect, or a safe one.
void SimBolt::after_the_end(Input& in, BoltCollector& out) {
  Random& random = at_.world.random;
  if (in.state == In::closed && random.chance(0.1)) {
    random.chance(0.5) ? out.ack(in.tuple) : out.fail(in.tuple, "again");
  }
  if (random.chance(0.1)) {
    emit_one(&in, {}, out);
  }
}

const Kept* SimBolt::any_kept() { return kept_[at_.world.random.below(kept_.size())].get(); }

void SimBolt::close(Kept& kept, bool fail, BoltCollector& out) {
  Anchor& anchor = kept.held ? kept.held->anchor() : kept.anchor;
  if (fail) {
    at_.world.oracle.spoiled(kept.keys);
    out.fail(anchor, "failed later");
    return;
  }
  at_.world.oracle.live(kept.keys, -1);
  if (at_.world.is(Mutant::kept_twice) && anchor.links().size() == 1 &&
      at_.world.random.chance(0.1)) {
    Anchor copy(anchor.links()[0]);
    out.ack(copy);
  }
  out.ack(anchor);
}

void SimBolt::work_on_kept() {
  Random& random = at_.world.random;
  BoltCollector out(*task_);
  const std::size_t at = random.below(kept_.size());
  const std::unique_ptr<Kept> kept = std::move(kept_[at]);
  kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(at));
  if (random.chance(0.5)) {
    std::vector<const Kept*> with{kept.get()};
    if (!kept_.empty() && random.chance(0.4)) {
      with.push_back(any_kept());
    }
    emit_one(nullptr, with, out);
  }
  if (random.chance(0.05)) {
    out.reset_timeout(kept->held ? kept->held->anchor() : kept->anchor);
    if (at_.tracker() != nullptr) {
      for (const Root& root : kept->keys) {
        at_.world.oracle.reset(root, at_.world.now);
      }
    }
  }
  close(*kept, at_.world.settings.fails && random.chance(0.1), out);
  if (random.chance(0.1)) {
    emit_one(nullptr, {kept.get()}, out);  // goes out unanchored
  }
  if (random.chance(0.1)) {
    kept->held ? out.ack(*kept->held) : out.ack(kept->anchor);  // changes nothing
  }
}

void SimBolt::flush(BoltCollector&) {
  if (!kept_.empty() && at_.world.random.chance(0.1)) {
    work_on_kept();
  }
}

// --- SimBasicBolt
// -------------------------------------------------------------------------------------

SimBasicBolt::SimBasicBolt(SimExecutor& at, const Component& component)
    : at_(at), component_(component), fields_(component.streams[0].schema) {}

void SimBasicBolt::execute(const Tuple& in, BasicCollector& out) {
  const std::int64_t row = in.get(fields_.row);
  at_.executing(*task_, row);
  const std::vector<Root> keys = at_.world.oracle.keys(row);
  const std::int64_t hops = in.get(fields_.hops);
  Random& random = at_.world.random;
  for (int n = any_fan_out(random); n > 0; --n) {
    const TaskId to = random.chance(0.1) ? at_.any_direct_target(component_) : 0;
    const Port port = to != 0 ? kPoint : random.chance(0.2) ? kWide : kMain;
    at_.emission(*task_, port, keys, [&](std::int64_t next) {
      const std::string key = at_.any_key();
      const std::string load = at_.any_load();
      port == kPoint ? out.emit_direct(to, StreamId{port}, next, hops, key, load)
                     : out.emit_to(StreamId{port}, next, hops, key, load);
    });
  }
  if (at_.world.settings.fails && random.chance(0.06)) {
    at_.world.oracle.spoiled(keys);
    throw std::runtime_error("thrown by a basic bolt");
  }
  at_.world.oracle.live(keys, -1);
}

// --- spouts
// -------------------------------------------------------------------------------------------

Port Source::any_port() {
  const std::uint64_t choice = at_.world.random.below(100);
  const bool inner = !component_.fused_out[kInner].empty();
  return choice < 60            ? kMain
         : choice < 72          ? kWide
         : choice < 82          ? kPoint
         : choice < 87          ? kVoid
         : inner && choice < 97 ? kInner
                                : kMain;
}

void Source::emit_root(std::uint64_t message, SpoutCollector& out, Port port) {
  World& world = at_.world;
  const Tracker& tracker = *at_.tracker();
  const Root root{tracker.self(), tracker.next()};
  world.oracle.opened(root, message, world.now);
  world.log(sim::to_string(root), " begins for message ", message);
  TaskId to = 0;
  if (port == kPoint) {
    to = at_.any_direct_target(component_);
    if (to == 0) {
      port = kMain;
    } else if (world.settings.fails && world.random.chance(0.1)) {
      to = kNoTask;
      world.oracle.spoiled({root});
    }
  }
  try {
    at_.emission(*at_.spout(), port, {root}, [&](std::int64_t row) {
      const std::string key = at_.any_key();
      const std::string load = at_.any_load();
      const std::int64_t hops = 0;
      port == kPoint ? out.emit_direct(to, StreamId{port}, MessageId{message}, row, hops, key, load)
                     : out.emit(StreamId{port}, MessageId{message}, row, hops, key, load);
    });
  } catch (const std::invalid_argument&) {
    // The task is none: the message has failed, and the spout is told like of any failure.
  }
  at_.scan();
}

void Source::emit_untracked(SpoutCollector& out) {
  at_.emission(*at_.spout(), kMain, {}, [&](std::int64_t row) {
    out.emit(StreamId{kMain}, kUnanchored, row, std::int64_t{0}, at_.any_key(), at_.any_load());
  });
}

SimSpout::SimSpout(SimExecutor& at, const Component& component) : Source(at, component) {
  for (const auto& [message, failures] : at.world.unacked[at.task()]) {
    queue_.push_back(message);
  }
}

bool SimSpout::ready() const {
  return !queue_.empty() || (!after_loss_.empty() && at_.worker.view_is_clean());
}

Next SimSpout::next_tuple(SpoutCollector& out) {
  Random& random = at_.world.random;
  if (at_.worker.view_is_clean()) {
    queue_.insert(queue_.end(), after_loss_.begin(), after_loss_.end());
    after_loss_.clear();
  }
  constexpr int kAtOnce[] = {1, 1, 2, 5};
  for (int n = kAtOnce[random.below(4)]; n > 0 && !queue_.empty(); --n) {
    const std::uint64_t message = queue_.front();
    queue_.pop_front();
    emit_root(message, out);
    if (random.chance(0.03)) {
      emit_root(message, out);  // two roots of one message are independent
    }
    if (random.chance(0.05)) {
      emit_untracked(out);
    }
    burst(out);
  }
  return queue_.empty() ? Next::idle() : Next::emitted();
}

/// Many messages that nobody wants: they make the numbers of the others lie far apart.
void SimSpout::burst(SpoutCollector& out) {
  Random& random = at_.world.random;
  if (at_.world.settings.bursts && random.chance(0.3)) {
    for (std::uint64_t n = 200 + random.below(200); n > 0; --n) {
      emit_root(kUnwanted + n, out, kVoid);
    }
  }
}

void SimSpout::ack(MessageId id) {
  at_.told(id.value, false);
  if (id.value >= kUnwanted) {
    return;
  }
  at_.world.unacked[at_.task()].erase(id.value);
  perhaps_emit_from_callback();
}

void SimSpout::fail(MessageId id, const FailReason& reason) {
  at_.told(id.value, true);
  auto& unacked = at_.world.unacked[at_.task()];
  const auto entry = unacked.find(id.value);
  if (entry != unacked.end()) {
    if (reason.code == FailureCode::peer_lost) {
      after_loss_.push_back(id.value);
    } else if (++entry->second > kMostFailures) {
      unacked.erase(entry);
    } else {
      queue_.push_back(id.value);
    }
  }
  perhaps_emit_from_callback();
}

void SimSpout::perhaps_emit_from_callback() {
  if (at_.world.random.chance(0.3) && at_.spout()->may_emit() && !queue_.empty()) {
    const std::uint64_t message = queue_.front();
    queue_.pop_front();
    emit_root(message, at_.spout()->collector());
  }
}

}  // namespace rafale::worker::sim
