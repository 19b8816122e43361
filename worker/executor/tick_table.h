// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// When which bolt gets its next tick tuple.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rafale/tuple.h"
#include "worker/executor/bolt_task.h"

namespace rafale::worker {

/// The tick tuples of one executor's bolts. Used on its thread.
class TickTable {
 public:
  void add(BoltTask& task, std::int64_t interval_ms, std::int64_t now_ns);
  void clear() { ticks_.clear(); }
  /// Delivers what is due; a tick that could not be delivered in time is not made up for.
  void run(std::int64_t now_ns);
  /// When the next is due; 0 if none ever is.
  std::int64_t next_ns() const;

 private:
  struct Tick {
    BoltTask* task;
    std::int64_t interval_ns;
    std::int64_t due_ns;
    std::string row;
  };
  std::vector<Tick> ticks_;
};

}  // namespace rafale::worker
