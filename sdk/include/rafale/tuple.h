// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a bolt receives: a view of one row, and what may outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rafale/export.h"
#include "rafale/row.h"
#include "rafale/schema.h"
#include "rafale/types.h"

namespace rafale {

namespace detail {

/// One stream as its subscribers see it. Lives as long as the topology runs.
struct StreamInfo {
  std::string component;
  std::string stream;
  Schema schema;
};

/// One edge of one root: what an ack of a row has to name. See docs/design on acking.
struct Link {
  std::uint64_t root = 0;
  std::uint64_t edge = 0;
  std::uint32_t spout_task = 0;
  std::uint32_t incarnation = 0;
  std::uint16_t row = 0;  ///< index in its batch; of weight only if derived
  bool derived = false;
};

}  // namespace detail

/// A view of one tuple. Valid during execute() only; use BoltCollector::hold() to keep the row or
/// detach() to keep only the right to ack. Cheap to copy; reads are thread-safe while it is valid.
class RAFALE_API Tuple {
 public:
  Tuple() = default;
  Tuple(const char* row, const detail::StreamInfo* stream, TaskId source, std::uint32_t slot)
      : row_(row), stream_(stream), source_(source), slot_(slot) {}

  std::size_t size() const { return row::field_count(row_); }
  const Schema& schema() const { return stream_->schema; }
  const std::string& source_component() const { return stream_->component; }
  const std::string& source_stream() const { return stream_->stream; }
  TaskId source_task() const { return source_; }
  /// True for a tick tuple: source "__system", stream "__tick", one int64 field, the interval in
  /// ms.
  bool is_tick() const { return source_ == kSystemTask; }
  static constexpr TaskId kSystemTask = ~TaskId{0};
  /// For the runtime: the same tuple, of which `row` is a copy.
  Tuple with_row(const char* row) const { return {row, stream_, source_, slot_}; }
  /// For the runtime: the row's index in what its task is processing.
  std::uint32_t slot() const { return slot_; }
  const detail::StreamInfo* stream() const { return stream_; }

  /// The field's value in O(1). A null reads as zero or empty; ask is_null() first where it
  /// matters. Views point into the row. The handle must come from this tuple's schema.
  template <class T>
  T get(Field<T> field) const {
    return read<T>(row_ + field.slot());
  }
  /// By position; throws std::invalid_argument if there is no such field or it is of another type.
  template <class T>
  T get(std::size_t position) const {
    return read<T>(typed_slot(position, *detail::read_type<T>()));
  }
  /// By name; throws as above. Resolve a Field in prepare() where speed matters.
  template <class T>
  T get(std::string_view name) const {
    return get(schema().field<T>(name));
  }
  bool is_null(std::size_t position) const { return row::tag(row_, position) == FieldType::null; }
  template <class T>
  bool is_null(Field<T> field) const {
    return is_null(field.position());
  }
  /// The field as an owned value of whatever type it has.
  Value value(std::size_t position) const;
  /// {"word":"gust","count":2} on one line.
  std::string to_json() const;
  /// The encoded row.
  std::string_view bytes() const { return {row_, row::length(row_)}; }

 private:
  template <class T>
  T read(const char* slot) const {
    if constexpr (std::is_same_v<T, std::string_view>) {
      return row::variable(row_, slot);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return std::string(row::variable(row_, slot));
    } else if constexpr (std::is_same_v<T, Bytes>) {
      const auto v = row::variable(row_, slot);
      return Bytes{{reinterpret_cast<const std::byte*>(v.data()), v.size()}};
    } else if constexpr (std::is_same_v<T, bool>) {
      return row::load<std::uint64_t>(slot) != 0;
    } else if constexpr (std::is_same_v<T, List> || std::is_same_v<T, Map>) {
      return nested<T>(slot);
    } else {
      return row::load<T>(slot);
    }
  }
  template <class T>
  T nested(const char* slot) const {
    const auto bytes = row::variable(row_, slot);
    if (bytes.empty()) {
      return T();
    }
    const Value v = row::read_nested(bytes, *detail::read_type<T>());
    return *v.as<T>();
  }
  const char* typed_slot(std::size_t position, FieldType type) const;

  const char* row_ = nullptr;
  const detail::StreamInfo* stream_ = nullptr;
  TaskId source_ = 0;
  std::uint32_t slot_ = 0;  // index of the row in what is being processed
};

/// The right to ack, fail or anchor to a tuple whose row is no longer needed. Move-only and small;
/// belongs to the task that detached it and is used on its thread (see TaskContext::post). One that
/// is dropped without ack or fail leaves its tree open until the timeout.
class RAFALE_API Anchor {
 public:
  Anchor() = default;
  explicit Anchor(detail::Link link) : one_(link), open_(true) {}
  explicit Anchor(std::vector<detail::Link> links)
      : many_(std::make_unique<std::vector<detail::Link>>(std::move(links))), open_(true) {}
  Anchor(Anchor&& other) noexcept
      : one_(other.one_), many_(std::move(other.many_)), open_(other.open_) {
    other.open_ = false;
  }
  Anchor& operator=(Anchor&& other) noexcept {
    one_ = other.one_;
    many_ = std::move(other.many_);
    open_ = other.open_;
    other.open_ = false;
    return *this;
  }
  ~Anchor() = default;

  /// Neither acked nor failed yet.
  bool open() const { return open_; }

  /// For the runtime: the edges, and the mark that they are dealt with.
  std::span<const detail::Link> links() const {
    return many_ ? std::span<const detail::Link>(*many_)
                 : std::span<const detail::Link>(&one_, one_.spout_task != 0 ? 1 : 0);
  }
  void close() { open_ = false; }

 private:
  detail::Link one_;
  std::unique_ptr<std::vector<detail::Link>> many_;
  bool open_ = false;
};

/// A tuple that is kept beyond execute(): its row, copied out or with the batch that holds it, and
/// its anchor.
class RAFALE_API HeldTuple {
 public:
  /// For the runtime: `owner` keeps the row of `tuple` alive.
  using Owner = std::unique_ptr<void, void (*)(void*)>;
  HeldTuple(const Tuple& tuple, Anchor anchor, Owner owner)
      : owner_(std::move(owner)), tuple_(tuple), anchor_(std::move(anchor)) {}
  HeldTuple(HeldTuple&&) noexcept = default;
  HeldTuple& operator=(HeldTuple&&) noexcept = default;
  ~HeldTuple() = default;

  /// The row; valid as long as this object is.
  const Tuple& tuple() const { return tuple_; }
  const Tuple* operator->() const { return &tuple_; }
  Anchor& anchor() { return anchor_; }
  const Anchor& anchor() const { return anchor_; }

 private:
  Owner owner_;
  Tuple tuple_;
  Anchor anchor_;
};

}  // namespace rafale
