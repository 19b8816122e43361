// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What executors tell the trackers of the spouts about the edges of their trees.
#pragma once

#include <cstdint>
#include <vector>

#include "rafale/failure.h"
#include "worker/batch/mpsc_queue.h"
#include "worker/batch/run.h"

namespace rafale::worker {

enum class RecordKind : std::uint8_t {
  emit = 0,         ///< the edges exist; goes before the acks of what they hang on
  ack = 1,          ///< the edges are processed
  fail = 2,         ///< the roots failed
  park = 3,         ///< the edges are processed, but a window keeps the tuples: see Token
  reset = 4,        ///< start the timeout of the roots anew
  release = 5,      ///< a holder's windows up to `token.window` are done
  dead_letter = 6,  ///< part of the tree was given up and written down; the ack follows
};

/// A window task that parks input, and the last window that holds it.
struct Token {
  SpoutRef holder;  ///< the window task and its incarnation
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;
  std::uint64_t window = 0;
  friend auto operator<=>(const Token& a, const Token& b) = default;
};

/// A slice of a run, or a RELEASE. Roots are root0 plus the running sum of n deltas (the first is
/// 0), or consecutive.
struct Record {
  RecordKind kind = RecordKind::emit;
  bool derived = false;
  FailureCode code = FailureCode::explicit_;  ///< of a fail
  std::uint16_t n = 0;
  std::uint16_t first_row = 0;
  std::uint32_t deltas = 0;  ///< 1 + index into RecordBlock::deltas; 0: consecutive
  SpoutRef spout;
  std::uint64_t root0 = 0;
  std::uint64_t edge = 0;
  std::uint32_t worker = 0;    ///< emit: where the rows went; fail: task that failed
  std::uint32_t instance = 0;  ///< emit: of that worker; fail: index of the error text + 1, or 0
  std::uint32_t token = 0;     ///< park, release: index into RecordBlock::tokens

  std::uint64_t edge_of(std::uint32_t i) const {
    return derived ? mix64(edge ^ (first_row + i)) : edge;
  }
};

class RecordBlockPool;

/// Records of one executor to one tracker, in order: one message.
struct RecordBlock : MpscNode {
  RecordBlockPool* home = nullptr;  ///< where it goes back to when it has been applied
  std::vector<Record> records;
  std::vector<std::uint8_t> deltas;
  std::vector<Token> tokens;

  void clear() {
    records.clear();
    deltas.clear();
    tokens.clear();
  }
};

}  // namespace rafale::worker
