// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the driver hears from supervisors and workers.

#include <algorithm>
#include <utility>

#include "nimbus/driver.h"

namespace rafale::nimbus {

void Driver::hear(SupervisorBeat beat) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = parts_.clock.now_ns();
    news = !coordinator_.is_alive(beat.info.id, now);
    coordinator_.hear(std::move(beat), now);
  }
  if (news) wake();
}

void Driver::hear(const WorkerBeat& beat) {
  const std::lock_guard lock(mutex_);
  coordinator_.hear(beat, parts_.clock.now_ns());
}

void Driver::hear_errors(const std::string& topology, std::vector<coord::ErrorEntry> errors) {
  if (errors.empty()) return;
  constexpr std::size_t kMost = 200;
  const std::lock_guard lock(mutex_);
  std::vector<coord::ErrorEntry>& all = new_errors_[topology];
  for (coord::ErrorEntry& error : errors) {
    const auto same = std::ranges::find_if(all, [&error](const coord::ErrorEntry& other) {
      return other.component == error.component && other.text == error.text &&
             other.host == error.host && other.port == error.port;
    });
    if (same != all.end()) {
      ++same->count;
    } else if (all.size() < kMost) {
      all.push_back(std::move(error));
    }
  }
}

/// Once a sweep at most: errors must not become the store's load.
void Driver::flush_errors() {
  std::map<std::string, std::vector<coord::ErrorEntry>> errors;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [topology, list] : new_errors_) {
      if (coordinator_.view().topologies.contains(topology)) errors[topology] = std::move(list);
    }
    new_errors_.clear();
  }
  for (const auto& [topology, list] : errors) {
    parts_.state.add_errors(token(), topology, list).IgnoreError();
  }
}

}  // namespace rafale::nimbus
