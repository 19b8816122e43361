// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A spout that keeps what it emitted until it is acked, and repeats what failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "rafale/spout.h"

namespace rafale {

namespace detail {
class ReplayStore;
}

/// How a ReplaySpout emits. Messages are numbered 0, 1, 2, ... in the order of emission.
class RAFALE_API ReplayCollector {
 public:
  /// Emits to the default stream and keeps the row; returns the message's number.
  template <class... V>
  std::uint64_t emit(const V&... values) {
    return emit(kDefaultStream, values...);
  }
  template <class... V>
  std::uint64_t emit(StreamId stream, const V&... values) {
    const auto [port, bytes] = emitter_->write(stream, values...);
    return keep_and_commit(*port, bytes);
  }

 private:
  friend class ReplaySpout;
  ReplayCollector(detail::Emitter& emitter, detail::ReplayStore& store)
      : emitter_(&emitter), store_(&store) {}
  std::uint64_t keep_and_commit(detail::OutPort& port, std::size_t bytes);

  detail::Emitter* emitter_;
  detail::ReplayStore* store_;
};

/// Base of spouts whose source cannot be asked again. A failed message is emitted again after an
/// exponential back-off (topology.replay.backoff.ms, 100, doubling up to
/// topology.replay.backoff.max.ms, 10 000); after topology.max.attempts (5) it is written to the
/// dead letters and given up. A failure by peer_lost is repeated at once and counts as no attempt.
/// If the letter cannot be written the message is not given up: it is tried again after the longest
/// pause. produce() is not called while topology.max.spout.pending messages are open, those that
/// wait for a replay among them, so memory is bounded by their rows.
///
///   class Lines : public rafale::ReplaySpout {
///     Next produce(ReplayCollector& out) override {
///       std::string line;
///       if (!std::getline(file_, line)) return Next::done();
///       out.emit(line);
///       return Next::emitted();
///     }
///   };
class RAFALE_API ReplaySpout : public Spout {
 public:
  ReplaySpout();
  ~ReplaySpout() override;

  void open(SpoutContext& context) final;
  Next next_tuple(SpoutCollector& out) final;
  void ack(MessageId id) final;
  void fail(MessageId id, const FailReason& reason) final;
  bool drains() final;

 protected:
  /// In place of open(). An exception stops the topology.
  virtual void start(SpoutContext& context);
  /// In place of next_tuple(): emits what is new, at most a few messages. done() is believed; open
  /// messages are still repeated until each is acked or given up.
  virtual Next produce(ReplayCollector& out) = 0;
  /// Message `number` is complete, acked or dead-lettered. In any order.
  virtual void completed(std::uint64_t number);
  /// What the dead letter of a message says of itself.
  struct Description {
    std::string record;
    std::string source;
    std::int64_t position = -1;
  };
  /// By default the row as JSON and the component's name; also if this throws.
  virtual Description describe(const Tuple& row);
  /// The context given to open().
  SpoutContext& context() { return *context_; }

 private:
  bool replay_due(detail::Emitter& emitter);
  Next wait() const;
  void repeat_later(std::uint64_t number, std::uint32_t attempts);
  void give_up(std::uint64_t number, const FailReason& reason);
  void finish(std::uint64_t number);

  SpoutContext* context_ = nullptr;
  std::unique_ptr<detail::ReplayStore> store_;
  std::int64_t max_attempts_ = 5;
  std::int64_t backoff_ms_ = 100;
  std::int64_t backoff_max_ms_ = 10'000;
  std::size_t max_open_ = 65536;
  bool draining_ = false;
  bool exhausted_ = false;
};

}  // namespace rafale
