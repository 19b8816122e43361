// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// All grouping: every task gets every tuple.
#pragma once

#include "worker/routing/grouper.h"

namespace rafale::worker {

class All final : public Grouper {
 public:
  std::uint32_t choose(const char*) override { return kAll; }
};

}  // namespace rafale::worker
