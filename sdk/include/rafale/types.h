// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The small identifiers that user code and runtime share.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rafale {

/// Number of a task, unique in its topology, counted from 1 over the components in name order.
using TaskId = std::uint32_t;

/// What a spout calls a message: any 64 bits that let it find the message again. Two open messages
/// may share an id; each is acked or failed on its own.
struct MessageId {
  std::uint64_t value = 0;
  friend auto operator<=>(const MessageId&, const MessageId&) = default;
};

/// An output stream of one component, resolved once with TaskContext::output().
struct StreamId {
  std::uint16_t index = 0;
};

/// The stream that emit() uses when none is named.
inline constexpr StreamId kDefaultStream{0};

/// Says that an emitted tuple belongs to no tree: nobody is told what becomes of it.
struct Unanchored {};
inline constexpr Unanchored kUnanchored{};

/// Alignment of user code's spouts and bolts: two cache lines, as processors fetch them in pairs.
/// Each task writes to its own object all the time, on whatever core it runs; two of them on one
/// line would make both slow.
inline constexpr std::size_t kObjectAlignment = 128;

/// A field of type `bytes`. Does not own what it points to.
struct Bytes {
  std::span<const std::byte> data;
};

}  // namespace rafale
