// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Acks, failures and anchors of a bolt's tuples.
#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <tuple>

#include "worker/executor/bolt_task.h"

namespace rafale::worker {
namespace {

/// What keeps the row of a held tuple: a copy behind this header, or a reference to its batch.
struct HeldBlock {
  TaskCounters* counters;
  std::int64_t bytes;
  Batch* batch;

  static void free(void* memory) {
    auto* block = static_cast<HeldBlock*>(memory);
    block->counters->held_bytes.fetch_sub(block->bytes, std::memory_order_relaxed);
    if (block->batch != nullptr) {
      block->batch->release();
    }
    ::operator delete(memory);
  }
};

}  // namespace

void BoltTask::throw_stale(const char* what) const {
  throw std::logic_error(std::string(what) + " of a tuple after its execute() in " + component() +
                         ": hold() or detach() it first");
}

// --- emitting
// -------------------------------------------------------------------------------------------

void BoltTask::commit_message(detail::OutPort& port, std::size_t bytes, MessageId) {
  commit(port, bytes, {});
}

void BoltTask::commit(detail::OutPort& port, std::size_t bytes, const detail::Origin& origin) {
  if (origin.anchors.empty()) {
    route(port, bytes, Roots::none(), origin.direct_to);
    return;
  }
  several_.clear();
  collect_roots(origin.anchors, several_);
  route(port, bytes, Roots::of(several_), origin.direct_to);
}

/// The distinct roots of all anchors that are open.
void BoltTask::collect_roots(std::span<const AnchorRef> anchors, std::vector<Root>& roots) {
  for (const AnchorRef& ref : anchors) {
    if (ref.tuple() != nullptr && ref.tuple()->is_tick()) {
      continue;
    }
    if (ref.tuple() != nullptr) {
      const State state = state_of(*ref.tuple(), "an emit anchored to");
      if (state != kOpen && state != kDetached) {
        counters_.misused.add();
        continue;
      }
      const auto own_roots = this->roots().all();
      roots.insert(roots.end(), own_roots.begin(), own_roots.end());
    } else if (ref.anchor()->open()) {
      for (const detail::Link& link : ref.anchor()->links()) {
        roots.push_back({{link.spout_task, link.incarnation}, link.root});
      }
    } else {
      counters_.misused.add();
    }
  }
  std::ranges::sort(roots, [](const Root& a, const Root& b) {
    return std::tie(a.spout.task, a.spout.incarnation, a.seq) <
           std::tie(b.spout.task, b.spout.incarnation, b.seq);
  });
  roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
}

// --- the tuple in execute()
// -----------------------------------------------------------------------------

void BoltTask::ack(const Tuple& tuple) {
  if (tuple.is_tick()) {
    return;
  }
  State& state = state_of(tuple, "ack()");
  if (state != kOpen) {
    counters_.misused.add();
    return;
  }
  state = kAcked;
  counters_.acked.add();
}

void BoltTask::fail(const Tuple& tuple, std::string_view text) {
  if (tuple.is_tick()) {
    return;
  }
  State& state = state_of(tuple, "fail()");
  if (state != kOpen) {
    counters_.misused.add();
    return;
  }
  state = kFailed;
  fail_roots(roots(), FailureCode::explicit_, text);
}

void BoltTask::fail_roots(const Roots& roots, FailureCode code, std::string_view text) {
  counters_.failed[static_cast<std::size_t>(code)].add();
  const std::uint32_t number = core_.errors.note(component(), text, core_.now_ns);
  for (const Root& root : roots.all()) {
    if (own(root.spout)) {
      tracker_->fail(root.seq, code, task(), number);
    } else {
      core_.records.fail(root, code, task(), number);
    }
  }
}

void BoltTask::reset_timeout(const Tuple& tuple) {
  if (tuple.is_tick() || state_of(tuple, "reset_timeout()") != kOpen) {
    return;
  }
  for (const Root& root : roots().all()) {
    if (own(root.spout)) {
      tracker_->reset_timeout(root.seq);
    } else {
      core_.records.reset(root);
    }
  }
}

Anchor BoltTask::detach(const Tuple& tuple) {
  if (tuple.is_tick()) {
    return Anchor(std::vector<detail::Link>{});
  }
  State& state = state_of(tuple, "detach()");
  if (state != kOpen) {
    counters_.misused.add();
    return Anchor();
  }
  state = kDetached;
  if (state_ != &fused_state_) {
    return cursor_.anchor(row_);
  }
  Anchor anchor;
  open_edges(anchor, roots());
  return anchor;
}

/// Gives a fused tuple that outlives its execute() the edges that it did without so far.
void BoltTask::open_edges(Anchor& anchor, const Roots& roots) {
  std::vector<detail::Link> links;
  links.reserve(roots.count);
  for (const Root& root : roots.all()) {
    const detail::Link link{.root = root.seq,
                            .edge = core_.edges.next(),
                            .spout_task = root.spout.task,
                            .incarnation = root.spout.incarnation};
    if (own(root.spout)) {
      tracker_->add_edge(link.root, link.edge, core_.options.worker, core_.options.instance);
    } else {
      core_.records.emit_edge(link, core_.options.worker, core_.options.instance);
    }
    links.push_back(link);
  }
  anchor = links.size() == 1 ? Anchor(links[0]) : Anchor(std::move(links));
}

HeldTuple BoltTask::hold(const Tuple& tuple) {
  const std::string_view bytes = tuple.bytes();
  const auto size = static_cast<std::int64_t>(bytes.size());
  const auto held = counters_.held_bytes.load(std::memory_order_relaxed);
  if (held + size > static_cast<std::int64_t>(core_.options.max_held_bytes)) {
    throw std::length_error(component() + " already holds " + std::to_string(held) +
                            " bytes of tuples (topology.max.held.bytes)");
  }
  // A good part of one batch is held: keep the batch rather than so many copies.
  const bool in_batch = batch_ != nullptr && state_ != &fused_state_ && !tuple.is_tick();
  held_in_batch_ += bytes.size();
  const bool share = in_batch && held_in_batch_ > batch_->capacity() / 4;
  void* memory = ::operator new(sizeof(HeldBlock) + (share ? 0 : bytes.size()));
  new (memory) HeldBlock{&counters_, size, share ? batch_ : nullptr};
  HeldTuple::Owner owner(memory, &HeldBlock::free);
  counters_.held_bytes.fetch_add(size, std::memory_order_relaxed);
  const char* row = bytes.data();
  if (share) {
    batch_->add_ref();
  } else {
    row = static_cast<const char*>(memory) + sizeof(HeldBlock);
    std::memcpy(static_cast<char*>(memory) + sizeof(HeldBlock), bytes.data(), bytes.size());
  }
  return HeldTuple(Tuple(row, tuple.stream(), tuple.source_task(), tuple.slot()), detach(tuple),
                   std::move(owner));
}

// --- anchors
// --------------------------------------------------------------------------------------------

void BoltTask::ack(Anchor& anchor) {
  if (!anchor.open()) {
    counters_.misused.add();
    return;
  }
  anchor.close();
  counters_.acked.add();
  for (const detail::Link& link : anchor.links()) {
    core_.records.ack(link);
  }
}

void BoltTask::fail(Anchor& anchor, std::string_view text) {
  if (!anchor.open()) {
    counters_.misused.add();
    return;
  }
  anchor.close();
  several_.clear();
  for (const detail::Link& link : anchor.links()) {
    several_.push_back({{link.spout_task, link.incarnation}, link.root});
  }
  fail_roots(Roots::of(several_), FailureCode::explicit_, text);
}

void BoltTask::reset_timeout(const Anchor& anchor) {
  if (!anchor.open()) {
    return;
  }
  for (const detail::Link& link : anchor.links()) {
    const Root root{{link.spout_task, link.incarnation}, link.root};
    if (own(root.spout)) {
      tracker_->reset_timeout(root.seq);
    } else {
      core_.records.reset(root);
    }
  }
}

void BoltTask::dead_letter(const AnchorRef* anchor, const DeadLetter& letter) {
  core_.dead_letters.write(component(), task(), letter);
  if (anchor == nullptr) {
    return;
  }
  std::vector<Root> roots;
  collect_roots({anchor, 1}, roots);
  for (const Root& root : roots) {
    if (own(root.spout)) {
      tracker_->mark_dead_lettered(root.seq);
    } else {
      core_.records.dead_letter(root);
    }
  }
}

}  // namespace rafale::worker
