// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A run: the anchors of many rows of a batch in 32 bytes.
#pragma once

#include <cstdint>

namespace rafale::worker {

/// Spreads the bits of `z` (Stafford's variant 13 of the splitmix64 finaliser).
constexpr std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// One start of a spout task. A restarted task counts its roots from 0 again, so every root is
/// named together with the start that it belongs to.
struct SpoutRef {
  std::uint32_t task = 0;
  std::uint32_t incarnation = 0;
  friend bool operator==(const SpoutRef&, const SpoutRef&) = default;
};

/// One root, the number that a spout task gave to one emit, and whose it is.
struct Root {
  SpoutRef spout;
  std::uint64_t seq = 0;
  friend bool operator==(const Root&, const Root&) = default;
};

/// Says that row `first_row + i` of a batch belongs to root `root0` plus the sum of the first i
/// deltas, for i < n. Plain: roots rise strictly and all rows share `edge`, since edge ids need
/// only differ among the edges of one root. Derived: roots may repeat and row r has edge mix64(edge
/// ^ r). A row with several roots has that many runs of n = 1, one after the other. Little
/// endian and without padding, so that the same bytes can go on a wire.
struct Run {
  static constexpr std::uint16_t kDerived = 1;

  std::uint64_t root0 = 0;
  std::uint64_t edge = 0;
  SpoutRef spout;
  std::uint16_t n = 0;
  std::uint16_t first_row = 0;
  std::uint16_t deltas = 0;  ///< 1 + index of the run's n deltas (the first is 0); 0: all are 1
  std::uint16_t flags = 0;

  bool derived() const { return (flags & kDerived) != 0; }
  std::uint64_t edge_of_row(std::uint16_t row) const {
    return derived() ? mix64(edge ^ row) : edge;
  }
};
static_assert(sizeof(Run) == 32);

}  // namespace rafale::worker
