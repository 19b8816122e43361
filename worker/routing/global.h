// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Global grouping: the task with the lowest id gets every tuple.
#pragma once

#include "worker/routing/grouper.h"

namespace rafale::worker {

class Global final : public Grouper {
 public:
  std::uint32_t choose(const char*) override { return 0; }
};

}  // namespace rafale::worker
