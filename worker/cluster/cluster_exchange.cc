// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Waiting for room elsewhere.

#include "worker/cluster/cluster_exchange.h"

#include <utility>

namespace rafale::worker {

bool RemoteReceiver::wait_for_room(Executor& waiter) {
  const std::lock_guard lock(mutex_);
  if (transport_.has_room(task_)) return false;  // it came meanwhile
  waiter.begin_waiting();
  waiters_.push_back(&waiter);
  return true;
}

void RemoteReceiver::wake() {
  std::vector<Executor*> woken;
  {
    const std::lock_guard lock(mutex_);
    woken.swap(waiters_);
  }
  for (Executor* waiter : woken) waiter->end_waiting();
}

}  // namespace rafale::worker
