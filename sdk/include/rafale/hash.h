// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The hash behind fields grouping: the same in every process, on every machine, for ever.
//
// A 64-bit multiply-mix hash in the manner of wyhash (Wang Yi, public domain): each grouping field
// is folded in with its type tag, so that "1" and 1 differ; integers take two multiplies, strings
// one per 16 bytes. A task is chosen by fastrange (Lemire, 2016): (low 32 bits * tasks) >> 32.
// Fields of type double, list and map cannot be grouped by. The seed is a constant: where a key
// goes depends on the key and the number of tasks alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rafale/row.h"

namespace rafale {

/// Where every hash starts: "Rafale" in ASCII, then the number of the hash's version, 1. The fields
/// of a grouping are folded into it one by one, in the order in which the grouping names them.
inline constexpr std::uint64_t kHashSeed = 0x526166616c650001;

namespace detail {

inline constexpr std::uint64_t kMix[3] = {0xa0761d6478bd642f, 0xe7037ed1a0b428db,
                                          0x8ebc6af09c88c6e3};

/// High and low half of the 128-bit product, folded.
inline std::uint64_t mum(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace detail

/// Folds an integer (or bool, or null as 0) of the given type into `seed`.
inline std::uint64_t hash_word(std::uint64_t seed, FieldType type, std::uint64_t value) {
  // The second product spreads the strides of keys that are multiples of something.
  return detail::mum(detail::kMix[2],
                     detail::mum(seed ^ detail::kMix[0] ^ static_cast<std::uint64_t>(type),
                                 value ^ detail::kMix[1]));
}

/// Folds bytes of the given type into `seed`.
inline std::uint64_t hash_bytes(std::uint64_t seed, FieldType type, std::string_view bytes) {
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  seed ^= detail::kMix[0] ^ static_cast<std::uint64_t>(type);
  if (n <= 16) {
    if (n >= 4) {  // two overlapping pairs of 4 bytes cover 4..16
      const std::size_t middle = (n >> 3) << 2;
      a = std::uint64_t{row::load<std::uint32_t>(p)} << 32 | row::load<std::uint32_t>(p + middle);
      b = std::uint64_t{row::load<std::uint32_t>(p + n - 4)} << 32 |
          row::load<std::uint32_t>(p + n - 4 - middle);
    } else if (n > 0) {
      a = std::uint64_t{static_cast<std::uint8_t>(p[0])} << 16 |
          std::uint64_t{static_cast<std::uint8_t>(p[n >> 1])} << 8 |
          static_cast<std::uint8_t>(p[n - 1]);
    }
  } else {
    // The last 16 bytes may overlap what the loop read; as there were 17 they start in the string.
    for (; n > 16; n -= 16, p += 16) {
      seed = detail::mum(row::load<std::uint64_t>(p) ^ detail::kMix[1],
                         row::load<std::uint64_t>(p + 8) ^ seed);
    }
    a = row::load<std::uint64_t>(p + n - 16);
    b = row::load<std::uint64_t>(p + n - 8);
  }
  return detail::mum(detail::kMix[2] ^ bytes.size(), detail::mum(a ^ detail::kMix[1], b ^ seed));
}

/// Folds one field of a row into `seed`.
inline std::uint64_t hash_field(std::uint64_t seed, const char* row, std::size_t position) {
  const FieldType type = row::tag(row, position);
  const char* slot = row::slot(row, position);
  return type == FieldType::string || type == FieldType::bytes
             ? hash_bytes(seed, type, row::variable(row, slot))
             : hash_word(seed, type, row::load<std::uint64_t>(slot));
}

/// Maps a hash to 0..n-1.
inline std::uint32_t fastrange(std::uint64_t hash, std::uint32_t n) {
  return static_cast<std::uint32_t>((std::uint64_t{static_cast<std::uint32_t>(hash)} * n) >> 32);
}

}  // namespace rafale
