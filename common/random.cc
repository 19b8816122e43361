// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The seed source of random.h.

#include "common/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace rafale::common {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  // Up to 256 bytes never come short; a signal may interrupt only before the kernel's pool is
  // ready.
  while (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
    if (errno != EINTR) {
      std::perror("getrandom");
      std::abort();
    }
  }
  return seed;
}

std::string random_hex(int seeds) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < seeds; ++i) {
    const std::uint64_t seed = random_seed();
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(seed >> shift) & 15];
  }
  return text;
}

}  // namespace rafale::common
