// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Delivery of tick tuples.
#include "worker/executor/tick_table.h"

#include <algorithm>

namespace rafale::worker {
namespace {

const detail::StreamInfo& tick_stream() {
  static const detail::StreamInfo stream{"__system", "__tick", {{"interval_ms", FieldType::int64}}};
  return stream;
}

}  // namespace

void TickTable::add(BoltTask& task, std::int64_t interval_ms, std::int64_t now_ns) {
  std::string row(row::encoded_size(interval_ms), '\0');
  row::encode(row.data(), row.size(), interval_ms);
  const std::int64_t interval_ns = interval_ms * 1'000'000;
  ticks_.push_back({&task, interval_ns, now_ns + interval_ns, std::move(row)});
}

void TickTable::run(std::int64_t now_ns) {
  for (Tick& tick : ticks_) {
    if (tick.due_ns <= now_ns && !tick.task->busy()) {
      tick.due_ns += tick.interval_ns * ((now_ns - tick.due_ns) / tick.interval_ns + 1);
      tick.task->tick(tick.row.data(), tick_stream());
    }
  }
}

std::int64_t TickTable::next_ns() const {
  std::int64_t next = 0;
  for (const Tick& tick : ticks_) {
    next = next == 0 ? tick.due_ns : std::min(next, tick.due_ns);
  }
  return next;
}

}  // namespace rafale::worker
