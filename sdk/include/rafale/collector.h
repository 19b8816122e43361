// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How spouts and bolts emit, ack and fail.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "rafale/export.h"
#include "rafale/failure.h"
#include "rafale/row.h"
#include "rafale/tuple.h"
#include "rafale/types.h"

namespace rafale {

/// Points to a Tuple or an Anchor that an emitted tuple hangs on. A view; does not own.
class AnchorRef {
 public:
  AnchorRef(const Tuple& tuple) : tuple_(&tuple) {}
  AnchorRef(const Anchor& anchor) : anchor_(&anchor) {}
  AnchorRef(const HeldTuple& held) : anchor_(&held.anchor()) {}
  const Tuple* tuple() const { return tuple_; }
  const Anchor* anchor() const { return anchor_; }

 private:
  const Tuple* tuple_ = nullptr;
  const Anchor* anchor_ = nullptr;
};

/// Several tuples that one emitted tuple hangs on: it must be processed before any of them counts
/// as done. `out.emit(Anchors{left, right}, value)`.
using Anchors = std::initializer_list<AnchorRef>;

namespace detail {

/// Where an emitted row comes from: a message of a spout, anchors, or nothing; and where it must go
/// if emitted directly.
struct Origin {
  std::span<const AnchorRef> anchors = {};
  const MessageId* message = nullptr;
  TaskId direct_to = 0;  ///< 0: by the groupings
};

/// One output stream of one task. The row is written at `cursor`, which the runtime points at the
/// batch that the next row most likely goes to.
struct OutPort {
  char* cursor = nullptr;
  char* limit = nullptr;
  std::uint16_t tags = 0;    ///< of the first four fields, as the schema has them
  std::uint16_t fields = 0;  ///< number of fields
  std::uint16_t index = 0;
  bool direct = false;
  const StreamInfo* stream = nullptr;
};

/// The runtime's side of a collector. User code uses SpoutCollector, BoltCollector, BasicCollector.
class RAFALE_API Emitter {
 public:
  virtual ~Emitter();

  /// Makes at least `bytes` writable at port.cursor. Throws row_too_large() for a row above
  /// topology.max.tuple.bytes and no_such_stream() for a port without a stream, which is what port
  /// 0 is (with cursor and limit equal) if the component declares no default stream.
  virtual void room(OutPort& port, std::size_t bytes) = 0;
  /// Takes the row that stands at port.cursor.
  virtual void commit_message(OutPort& port, std::size_t bytes, MessageId id) = 0;
  virtual void commit_anchored(OutPort& port, std::size_t bytes, const Tuple& anchor) = 0;
  virtual void commit(OutPort& port, std::size_t bytes, const Origin& origin) = 0;

  virtual void ack(const Tuple& tuple) = 0;
  virtual void fail(const Tuple& tuple, std::string_view text) = 0;
  virtual void reset_timeout(const Tuple& tuple) = 0;
  virtual void ack(Anchor& anchor) = 0;
  virtual void fail(Anchor& anchor, std::string_view text) = 0;
  virtual void reset_timeout(const Anchor& anchor) = 0;
  virtual Anchor detach(const Tuple& tuple) = 0;
  virtual HeldTuple hold(const Tuple& tuple) = 0;
  virtual void dead_letter(const AnchorRef* anchor, const DeadLetter& letter) = 0;
  virtual void report_error(std::string_view text) = 0;

  /// Encodes one row where it will travel from and checks it against the stream's schema.
  template <class... V>
  [[gnu::always_inline]] std::pair<OutPort*, std::size_t> write(StreamId stream,
                                                                const V&... values) {
    OutPort& port = port_of(stream);
    const std::size_t bytes = row::encoded_size(values...);
    if (static_cast<std::size_t>(port.limit - port.cursor) < bytes) [[unlikely]] {
      room(port, bytes);
    }
    const std::uint16_t tags = row::encode(port.cursor, bytes, values...);
    if (tags != port.tags || sizeof...(V) != port.fields || sizeof...(V) > 4) [[unlikely]] {
      check_schema(port);
    }
    return {&port, bytes};
  }

  /// As write(), for a row that was encoded before and checked against this stream's schema.
  std::pair<OutPort*, std::size_t> write_row(StreamId stream, std::string_view encoded);

 protected:
  Emitter(OutPort* ports, std::size_t count) : ports_(ports), port_count_(count) {}

  OutPort& port_of(StreamId stream) {
    if (stream.index >= port_count_) [[unlikely]] {
      no_such_stream(stream);
    }
    return ports_[stream.index];
  }
  /// Throws std::invalid_argument if the row at port.cursor does not fit the schema; a null fits
  /// any field. The text names component, stream, field, and the expected and given type.
  void check_schema(const OutPort& port) const;
  /// Throws std::invalid_argument with the streams that there are.
  [[noreturn]] void no_such_stream(StreamId stream) const;
  /// Throws std::length_error, naming component, stream, size and limit.
  [[noreturn]] static void row_too_large(const OutPort& port, std::size_t bytes, std::size_t limit);

  OutPort* ports_;
  std::size_t port_count_;
};

template <class A>
concept OneAnchor = std::same_as<A, Tuple> || std::same_as<A, Anchor> || std::same_as<A, HeldTuple>;

}  // namespace detail

/// A spout's way out. One per task; used on the task's thread only (from next_tuple, ack, fail,
/// open, activate and functions handed to TaskContext::post).
///
/// Values may be string types, integers, bool, float, double, Bytes, List, Map, Value, nullptr, or
/// std::optional of one of them; their number and types must be those of the stream's schema, else
/// std::invalid_argument. A row above topology.max.tuple.bytes throws std::length_error.
class SpoutCollector {
 public:
  explicit SpoutCollector(detail::Emitter& emitter) : emitter_(&emitter) {}

  /// Emits a message that is followed: exactly one of ack(id) and fail(id, reason) comes back.
  template <class... V>
  [[gnu::always_inline]] void emit(MessageId id, const V&... values) {
    emit(kDefaultStream, id, values...);
  }
  template <class... V>
  [[gnu::always_inline]] void emit(StreamId stream, MessageId id, const V&... values) {
    const auto [port, bytes] = emitter_->write(stream, values...);
    emitter_->commit_message(*port, bytes, id);
  }
  /// Emits a tuple that nobody follows.
  template <class... V>
  [[gnu::always_inline]] void emit(Unanchored, const V&... values) {
    emit(kDefaultStream, kUnanchored, values...);
  }
  template <class... V>
  [[gnu::always_inline]] void emit(StreamId stream, Unanchored, const V&... values) {
    const auto [port, bytes] = emitter_->write(stream, values...);
    emitter_->commit(*port, bytes, {});
  }
  /// Emits to one task of a subscriber with direct grouping. Throws std::invalid_argument if that
  /// task does not subscribe to the stream so.
  template <class... V>
  [[gnu::always_inline]] void emit_direct(TaskId to, StreamId stream, MessageId id,
                                          const V&... values) {
    const auto [port, bytes] = emitter_->write(stream, values...);
    emitter_->commit(*port, bytes, {.anchors = {}, .message = &id, .direct_to = to});
  }
  /// Shows `text` as this component's last error. Limited in rate.
  void report_error(std::string_view text) { emitter_->report_error(text); }

  /// For wrappers such as ReplaySpout.
  detail::Emitter& emitter() { return *emitter_; }

 private:
  detail::Emitter* emitter_;
};

/// A bolt's way out. One per task; used on the task's thread only.
///
/// Each tuple must be acked, failed, held or detached; one that is none of these fails by timeout.
/// A second ack or fail changes nothing and is counted; an emit anchored to a tuple that is already
/// acked or failed goes out unanchored and is counted. For values see SpoutCollector.
///
///   out.emit(in, word, 1);            // default stream, anchored to in
///   out.emit(Anchors{a, b}, sum);     // anchored to both
///   out.emit(late, kUnanchored, x);   // named stream, no tree
///   out.ack(in);
class BoltCollector {
 public:
  explicit BoltCollector(detail::Emitter& emitter) : emitter_(&emitter) {}

  template <detail::OneAnchor A, class... V>
  [[gnu::always_inline]] void emit(const A& anchor, const V&... values) {
    emit(kDefaultStream, anchor, values...);
  }
  template <detail::OneAnchor A, class... V>
  [[gnu::always_inline]] void emit(StreamId stream, const A& anchor, const V&... values) {
    const auto [port, bytes] = emitter_->write(stream, values...);
    if constexpr (std::same_as<A, Tuple>) {
      emitter_->commit_anchored(*port, bytes, anchor);
    } else {
      const AnchorRef ref(anchor);
      emitter_->commit(*port, bytes, {.anchors = {&ref, 1}});
    }
  }
  template <class... V>
  [[gnu::always_inline]] void emit(Anchors anchors, const V&... values) {
    emit(kDefaultStream, std::span(anchors.begin(), anchors.size()), values...);
  }
  template <class... V>
  [[gnu::always_inline]] void emit(StreamId stream, Anchors anchors, const V&... values) {
    emit(stream, std::span(anchors.begin(), anchors.size()), values...);
  }
  template <class... V>
  [[gnu::always_inline]] void emit(StreamId stream, std::span<const AnchorRef> anchors,
                                   const V&... values) {
    const auto [port, bytes] = emitter_->write(stream, values...);
    emitter_->commit(*port, bytes, {.anchors = anchors});
  }
  template <class... V>
  [[gnu::always_inline]] void emit(Unanchored, const V&... values) {
    emit(kDefaultStream, kUnanchored, values...);
  }
  template <class... V>
  [[gnu::always_inline]] void emit(StreamId stream, Unanchored, const V&... values) {
    const auto [port, bytes] = emitter_->write(stream, values...);
    emitter_->commit(*port, bytes, {});
  }
  /// Emits to one task of a subscriber with direct grouping. Throws std::invalid_argument if that
  /// task does not subscribe to the stream so.
  template <detail::OneAnchor A, class... V>
  [[gnu::always_inline]] void emit_direct(TaskId to, StreamId stream, const A& anchor,
                                          const V&... values) {
    const auto [port, bytes] = emitter_->write(stream, values...);
    const AnchorRef ref(anchor);
    emitter_->commit(*port, bytes, {.anchors = {&ref, 1}, .direct_to = to});
  }

  /// Done with the tuple. On a tick tuple, does nothing; so do the next two.
  void ack(const Tuple& tuple) { emitter_->ack(tuple); }
  /// Fails the whole tree; `text` (its first 512 bytes) reaches the spout and the error list.
  void fail(const Tuple& tuple, std::string_view text = {}) { emitter_->fail(tuple, text); }
  /// Starts the timeout of the tuple's tree anew.
  void reset_timeout(const Tuple& tuple) { emitter_->reset_timeout(tuple); }
  void ack(Anchor& anchor) { emitter_->ack(anchor); }
  void fail(Anchor& anchor, std::string_view text = {}) { emitter_->fail(anchor, text); }
  void reset_timeout(const Anchor& anchor) { emitter_->reset_timeout(anchor); }
  void ack(HeldTuple& held) { emitter_->ack(held.anchor()); }
  void fail(HeldTuple& held, std::string_view text = {}) { emitter_->fail(held.anchor(), text); }

  /// Keeps the right to ack without the row: for sinks that ack when their buffer is written.
  Anchor detach(const Tuple& tuple) { return emitter_->detach(tuple); }
  /// Keeps the row as well. Throws std::length_error when the task already holds
  /// topology.max.held.bytes.
  HeldTuple hold(const Tuple& tuple) { return emitter_->hold(tuple); }

  /// Writes the record durably to the dead letters and marks the tuple's tree as dead-lettered: its
  /// spout gets an ack, the tree counts as dead_lettered. The tuple must still be acked. Throws
  /// std::runtime_error if the letter cannot be written; the record is then not lost, as the tuple
  /// fails with that reason.
  void dead_letter(const Tuple& tuple, const DeadLetter& letter) {
    const AnchorRef ref(tuple);
    emitter_->dead_letter(&ref, letter);
  }
  void dead_letter(const Anchor& anchor, const DeadLetter& letter) {
    const AnchorRef ref(anchor);
    emitter_->dead_letter(&ref, letter);
  }
  /// Shows `text` as this component's last error. Limited in rate.
  void report_error(std::string_view text) { emitter_->report_error(text); }

 private:
  detail::Emitter* emitter_;
};

/// The collector of a BasicBolt: what it emits is anchored to the input, and the input is acked
/// when execute() returns and failed if it throws. Valid during that call.
class BasicCollector {
 public:
  BasicCollector(const Tuple& in, BoltCollector& out) : in_(&in), out_(&out) {}

  template <class... V>
  [[gnu::always_inline]] void emit(const V&... values) {
    out_->emit(*in_, values...);
  }
  template <class... V>
  [[gnu::always_inline]] void emit_to(StreamId stream, const V&... values) {
    out_->emit(stream, *in_, values...);
  }
  template <class... V>
  [[gnu::always_inline]] void emit_direct(TaskId to, StreamId stream, const V&... values) {
    out_->emit_direct(to, stream, *in_, values...);
  }
  /// See BoltCollector::dead_letter.
  void dead_letter(const DeadLetter& letter) { out_->dead_letter(*in_, letter); }
  void report_error(std::string_view text) { out_->report_error(text); }
  /// Starts the timeout of the input's tree anew.
  void reset_timeout() { out_->reset_timeout(*in_); }

 private:
  const Tuple* in_;
  BoltCollector* out_;
};

}  // namespace rafale
