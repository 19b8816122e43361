// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the records of a tree's executors do to its root.
#include <algorithm>

#include "worker/ack/tracker.h"
#include "worker/ack/tracker_entry.h"

namespace rafale::worker {

void Tracker::apply(const Record& record, const RecordBlock& block) {
  if (record.spout != options_.self) {
    return;  // made for an earlier start of this task, whose numbers mean nothing now
  }
  if (record.kind == RecordKind::release) {
    release(block.tokens[record.token]);
    return;
  }
  if (record.root0 >= tail_ && record.root0 >= moved_below_) [[likely]] {
    const std::uint8_t* deltas = record.deltas != 0 ? &block.deltas[record.deltas - 1] : nullptr;
    if (record.kind == RecordKind::ack && tokens_.empty()) {
      apply_in_ring<true>(record, deltas);
      return;
    }
    if (record.kind == RecordKind::emit && record.worker == options_.own_worker && dead_.empty()) {
      apply_in_ring<false>(record, deltas);
      return;
    }
  }
  apply_run(record, block);
}

/// An ack or an emit of roots that all lie in the ring.
template <bool kAck>
void Tracker::apply_in_ring(const Record& record, const std::uint8_t* deltas) {
  const auto one = [this](std::uint64_t seq, std::uint64_t edge) {
    const std::size_t at = slot(seq);
    const std::uint64_t x = x_[at] ^= edge;
    if (kAck && x == 0 && (state_[at] & kOpen) != 0) {
      finish_in_ring(seq);
    }
  };
  std::uint64_t seq = record.root0;
  if (deltas == nullptr && !record.derived) {
    const std::uint64_t end = std::min(seq + record.n, head_);
    for (; seq < end; ++seq) {
      one(seq, record.edge);
    }
    return;
  }
  for (std::uint32_t i = 0; i < record.n; ++i) {
    if (i > 0) {
      seq += deltas != nullptr ? deltas[i] : 1;
    }
    if (seq < head_) {
      one(seq, record.edge_of(i));
    }
  }
}

void Tracker::apply_run(const Record& record, const RecordBlock& block) {
  const std::uint8_t* deltas = record.deltas != 0 ? &block.deltas[record.deltas - 1] : nullptr;
  std::uint64_t seq = record.root0;
  for (std::uint32_t i = 0; i < record.n; ++i) {
    if (i > 0) {
      seq += deltas != nullptr ? deltas[i] : 1;
    }
    apply_one(record, block, seq, record.edge_of(i));
  }
}

void Tracker::apply_one(const Record& record, const RecordBlock& block, std::uint64_t seq,
                        std::uint64_t edge) {
  Entry entry;
  if (!locate(seq, entry)) {
    return;
  }
  switch (record.kind) {
    case RecordKind::emit:
      entry.x(*this) ^= edge;
      see(entry, record.worker, record.instance);
      return;
    case RecordKind::park: {
      const Token& token = block.tokens[record.token];
      auto& tokens = entry.moved ? entry.moved->tokens : tokens_[seq];
      if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) {
        tokens.push_back(token);
      }
      [[fallthrough]];
    }
    case RecordKind::ack:
      if ((entry.x(*this) ^= edge) == 0) {
        zero(entry);
      }
      return;
    case RecordKind::fail:
      fail(seq, record.code, record.worker, record.instance);
      return;
    case RecordKind::reset:
      reset_timeout(seq);
      return;
    case RecordKind::dead_letter:
      mark_dead_lettered(seq);
      return;
    case RecordKind::release:
      return;
  }
}

void Tracker::zero(const Entry& entry) {
  const bool tokens = entry.moved ? !entry.moved->tokens.empty() : tokens_.contains(entry.seq);
  if (tokens) {
    park(entry);
  } else {
    complete(entry);
  }
}

void Tracker::park(const Entry& entry) {
  if (entry.moved == nullptr) {
    move_out(entry.seq, 0);
  }
  const auto it = overflow_.find(entry.seq);
  parked_.emplace(entry.seq, std::move(it->second));
  overflow_.erase(it);
  if (entry.seq >= tail_) {
    state_[slot(entry.seq)] = kDone;
  }
  --pending_;
}

void Tracker::release(const Token& token) {
  const auto free = [&token](std::vector<Token>& tokens) {
    std::erase_if(tokens, [&](const Token& t) {
      return t.holder == token.holder && t.worker == token.worker && t.instance == token.instance &&
             t.window <= token.window;
    });
    return tokens.empty();
  };
  for (auto it = tokens_.begin(); it != tokens_.end();) {
    it = free(it->second) ? tokens_.erase(it) : std::next(it);
  }
  for (auto& [seq, entry] : overflow_) {
    free(entry.tokens);
  }
  for (auto it = parked_.begin(); it != parked_.end();) {
    if (!free(it->second.tokens)) {
      ++it;
      continue;
    }
    complete(it->first, it->second.message, it->second.dead_letter);
    it = parked_.erase(it);
  }
}

void Tracker::fail(std::uint64_t seq, FailureCode code, std::uint32_t task, std::uint32_t text) {
  if (Entry entry; locate(seq, entry)) {
    fail(entry, {.code = code, .task = task, .text = text});
  }
}

void Tracker::mark_dead_lettered(std::uint64_t seq) {
  if (Entry entry; locate(seq, entry)) {
    if (entry.moved != nullptr) {
      entry.moved->dead_letter = true;
    } else {
      state_[slot(seq)] |= kDeadLetterBit;
    }
  }
}

void Tracker::reset_timeout(std::uint64_t seq) {
  Entry entry;
  if (options_.timeout_ns == 0 || !locate(seq, entry)) {
    return;
  }
  // now_ is that of the last tick, so the tick's length is added: never early.
  const std::int64_t deadline = now_ + tick_ns_ + options_.timeout_ns;
  if (entry.moved != nullptr) {
    entry.moved->deadline = deadline;
  } else {
    move_out(seq, deadline);
  }
}

}  // namespace rafale::worker
