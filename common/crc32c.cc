// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Three interleaved streams of the SSE4.2 instruction, as it takes three cycles and starts one each
// cycle; a table elsewhere.

#include "common/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace rafale::common {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78u;  // reflected

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

std::uint32_t by_table(std::uint32_t crc, const unsigned char* at, std::size_t size) {
  static constexpr auto kTable = make_table();
  for (; size > 0; --size) crc = kTable[(crc ^ *at++) & 0xff] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)

/// A vector over GF(2) times a matrix of 32 columns.
std::uint32_t times(const std::array<std::uint32_t, 32>& matrix, std::uint32_t vector) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; vector != 0; ++i, vector >>= 1) {
    if ((vector & 1) != 0) sum ^= matrix[i];
  }
  return sum;
}

/// What a crc becomes when `Bytes` zero bytes follow: tables for each of its four bytes.
template <std::size_t Bytes>
struct Shift {
  std::array<std::array<std::uint32_t, 256>, 4> table{};

  Shift() {
    std::array<std::uint32_t, 32> step{};  // one zero bit
    step[0] = kPolynomial;
    for (std::size_t i = 1; i < 32; ++i) step[i] = 1u << (i - 1);
    // 8 * Bytes bits by squaring, as Bytes is a power of two.
    for (std::size_t bits = 1; bits < 8 * Bytes; bits *= 2) {
      std::array<std::uint32_t, 32> squared{};
      for (std::size_t i = 0; i < 32; ++i) squared[i] = times(step, step[i]);
      step = squared;
    }
    for (std::uint32_t i = 0; i < 256; ++i) {
      for (std::size_t byte = 0; byte < 4; ++byte) table[byte][i] = times(step, i << (8 * byte));
    }
  }
  std::uint32_t operator()(std::uint32_t crc) const {
    return table[0][crc & 0xff] ^ table[1][crc >> 8 & 0xff] ^ table[2][crc >> 16 & 0xff] ^
           table[3][crc >> 24];
  }
};

constexpr std::size_t kBlock = 1024;

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t crc,
                                                               const unsigned char* at,
                                                               std::size_t size) {
  static const Shift<kBlock> shift;
  const auto word = [](const unsigned char* p) {
    std::uint64_t value = 0;
    std::memcpy(&value, p, sizeof value);
    return value;
  };
  for (; size >= 3 * kBlock; size -= 3 * kBlock, at += 3 * kBlock) {
    std::uint64_t a = crc;
    std::uint64_t b = 0;
    std::uint64_t c = 0;
    for (std::size_t i = 0; i < kBlock; i += 8) {
      a = _mm_crc32_u64(a, word(at + i));
      b = _mm_crc32_u64(b, word(at + kBlock + i));
      c = _mm_crc32_u64(c, word(at + 2 * kBlock + i));
    }
    crc = shift(shift(static_cast<std::uint32_t>(a)) ^ static_cast<std::uint32_t>(b)) ^
          static_cast<std::uint32_t>(c);
  }
  std::uint64_t rest = crc;
  for (; size >= 8; size -= 8, at += 8) rest = _mm_crc32_u64(rest, word(at));
  crc = static_cast<std::uint32_t>(rest);
  for (; size > 0; --size) crc = _mm_crc32_u8(crc, *at++);
  return crc;
}

#endif

}  // namespace

std::uint32_t crc32c(std::uint32_t before, const void* data, std::size_t size) {
  const auto* at = static_cast<const unsigned char*>(data);
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~by_instruction(~before, at, size);
#endif
  return ~by_table(~before, at, size);
}

}  // namespace rafale::common
