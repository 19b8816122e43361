// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The seed of a randomized test: unpredictable, printed, and taken back from RAFALE_SEED.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "common/random.h"

namespace rafale::support {

/// $RAFALE_SEED if it is set, else a new seed; prints it either way.
inline std::uint64_t seed() {
  const char* given = std::getenv("RAFALE_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 0) : common::random_seed();
  std::printf("RAFALE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace rafale::support
