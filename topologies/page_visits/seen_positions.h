// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Remembers which positions of a source were counted, so that a replay counts once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rafale::visits {

/// A window of bits that moves with the greatest position. What lies below it counts as seen: a
/// source keeps less than kWindow positions between its oldest open one and its newest. 16 KiB. Not
/// thread-safe.
class SeenPositions {
 public:
  static constexpr std::uint64_t kWindow = std::uint64_t{1} << 17;

  /// False if the position was added before, or lies below the window.
  bool add(std::uint64_t position) {
    if (position + kWindow < end_) return false;
    if (position >= end_) advance(position + 1);
    std::uint64_t& word = bits_[position % kWindow / 64];
    const std::uint64_t bit = std::uint64_t{1} << position % 64;
    const bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
  }

  /// As text, and back; false if the text is none of these.
  std::string save() const;
  bool load(std::string_view text);

 private:
  // Clears the bits of the positions that come into the window.
  void advance(std::uint64_t end) {
    if (end - end_ >= kWindow) {
      std::ranges::fill(bits_, 0);
    } else {
      for (std::uint64_t i = end_; i < end; ++i) {
        bits_[i % kWindow / 64] &= ~(std::uint64_t{1} << i % 64);
      }
    }
    end_ = end;
  }

  std::vector<std::uint64_t> bits_ = std::vector<std::uint64_t>(kWindow / 64);
  std::uint64_t end_ = 0;
};

}  // namespace rafale::visits
