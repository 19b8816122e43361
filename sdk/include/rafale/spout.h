// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Spout: where messages enter a topology.
#pragma once

#include <chrono>
#include <cstdint>

#include "rafale/collector.h"
#include "rafale/context.h"
#include "rafale/export.h"
#include "rafale/types.h"

namespace rafale {

/// What next_tuple() has to say.
class Next {
 public:
  enum class Kind : std::uint8_t { emitted, idle, done };

  /// Emitted something, or has more at once: call again.
  static constexpr Next emitted() { return Next(Kind::emitted, 0); }
  /// Has nothing now; is asked again after a pause of 1 ms that grows to 16 ms, or after wake().
  static constexpr Next idle() { return Next(Kind::idle, 0); }
  /// Has nothing for `pause`; is asked again after that or after wake().
  static constexpr Next idle_for(std::chrono::nanoseconds pause) {
    return Next(Kind::idle, pause.count() > 0 ? pause.count() : 1);
  }
  /// Will never have more, except what it emits from ack() and fail(). Is not asked again unless
  /// woken or told of a failure.
  static constexpr Next done() { return Next(Kind::done, 0); }

  constexpr Kind kind() const { return kind_; }
  /// 0: the runtime chooses.
  constexpr std::int64_t pause_ns() const { return pause_ns_; }

 private:
  constexpr Next(Kind kind, std::int64_t pause_ns) : kind_(kind), pause_ns_(pause_ns) {}
  Kind kind_;
  std::int64_t pause_ns_;
};

/// A source of messages. One object per task; all functions are called on one thread at a time, so
/// it needs no locks of its own. An exception from any of them but open() is reported and the spout
/// goes on; one from open() stops the topology.
///
/// The promise is at least once only if fail() leads to the message being emitted again;
/// ReplaySpout does that. While the spout has topology.max.spout.pending open messages, or its
/// consumers are full, next_tuple() is not called; ack and fail still are.
class alignas(kObjectAlignment) RAFALE_API Spout {
 public:
  virtual ~Spout();

  /// Before anything else. `context` lives as long as the spout.
  virtual void open(SpoutContext& context);
  /// Emits at most a few messages. Must not block: a spout that has to, declares its component
  /// blocking().
  virtual Next next_tuple(SpoutCollector& out) = 0;
  /// The message's whole tree was processed.
  virtual void ack(MessageId id);
  /// The tree failed. May emit.
  virtual void fail(MessageId id, const FailReason& reason);
  /// After open(), and when a deactivated topology is activated again.
  virtual void activate();
  virtual void deactivate();
  /// Last call; not made when the process is killed.
  virtual void close();
  /// Asked once when the topology is being stopped. If true, next_tuple() goes on being called: it
  /// must emit nothing new, only what it still owes, and return done() when nothing is owed. If
  /// false, next_tuple() is not called again.
  virtual bool drains();
};

}  // namespace rafale
