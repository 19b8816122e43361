// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A tracker with short ways to tell it of edges and to read what ended.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "worker/ack/tracker.h"

namespace rafale::worker {

/// Drives a Tracker as the executors would. Message ids are 100 plus the number of the root.
class Tracked {
 public:
  static constexpr SpoutRef kSelf{.task = 7, .incarnation = 0xabcd};
  static constexpr std::uint32_t kHere = 3;  ///< its worker

  explicit Tracked(std::size_t ring = 8, std::int64_t timeout_ns = 0)
      : tracker({.self = kSelf,
                 .own_worker = kHere,
                 .guard = 0x9999,
                 .timeout_ns = timeout_ns,
                 .ring = ring}) {}

  /// Opens roots of one edge each, of the same value.
  void open(std::uint64_t count, std::uint64_t edge) {
    for (; count > 0; --count) {
      tracker.open(100 + tracker.next(), edge);
    }
  }

  Record record(RecordKind kind, std::uint64_t root, std::uint64_t edge, std::uint16_t n = 1) {
    return {.kind = kind, .n = n, .spout = kSelf, .root0 = root, .edge = edge};
  }
  void apply(const Record& record) {
    RecordBlock block;
    tracker.apply(record, block);
  }
  void emit(std::uint64_t root, std::uint64_t edge, std::uint32_t worker = kHere,
            std::uint32_t instance = 1, std::uint16_t n = 1) {
    Record emitted = record(RecordKind::emit, root, edge, n);
    emitted.worker = worker;
    emitted.instance = instance;
    apply(emitted);
  }
  void ack(std::uint64_t root, std::uint64_t edge, std::uint16_t n = 1) {
    apply(record(RecordKind::ack, root, edge, n));
  }
  void with_token(RecordKind kind, std::uint64_t root, std::uint64_t edge, const Token& token) {
    RecordBlock block;
    block.tokens = {{}, token};
    Record made = record(kind, root, edge);
    made.token = 1;
    tracker.apply(made, block);
  }
  void park(std::uint64_t root, std::uint64_t edge, const Token& token) {
    with_token(RecordKind::park, root, edge, token);
  }
  void release(const Token& token) { with_token(RecordKind::release, 0, 0, token); }

  /// What ended since the last call: "acked 100", "dead_lettered 101", "failed 102 timeout".
  std::vector<std::string> ended() {
    std::vector<std::string> texts;
    const auto add = [&texts](std::uint64_t message, std::uint64_t seq, std::string text) {
      texts.push_back(message == 100 + seq ? std::move(text) : "message and root do not fit");
    };
    for (const Acked& a : std::exchange(tracker.acked(), {})) {
      add(a.message, a.seq, "acked " + std::to_string(a.message));
    }
    for (const Completion& c : std::exchange(tracker.completions(), {})) {
      const bool failed = c.outcome == Completion::Outcome::failed;
      add(c.message, c.seq,
          (failed ? "failed " : "dead_lettered ") + std::to_string(c.message) +
              (failed ? " " + std::string(to_string(c.code)) : ""));
    }
    return texts;
  }

  Tracker tracker;
};

inline Token token(std::uint64_t window, std::uint32_t worker = 4, std::uint32_t instance = 1) {
  return {.holder = {.task = 50, .incarnation = 6},
          .worker = worker,
          .instance = instance,
          .window = window};
}

}  // namespace rafale::worker
