// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The loop of a dedicated thread.
#include "worker/executor/dedicated_thread.h"

namespace rafale::worker {

void DedicatedThread::submit(Executor& executor) {
  ready_.store(&executor, std::memory_order_seq_cst);
  std::call_once(started_, [this] { thread_ = std::thread([this] { loop(); }); });
  work_.notify_one();
}

void DedicatedThread::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  work_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void DedicatedThread::loop() {
  while (!stopping_.load(std::memory_order_seq_cst)) {
    if (Executor* executor = ready_.exchange(nullptr, std::memory_order_seq_cst)) {
      executor->run();
      continue;
    }
    const EventCount::Key key = work_.prepare();
    if (ready_.load(std::memory_order_seq_cst) == nullptr &&
        !stopping_.load(std::memory_order_seq_cst)) {
      work_.wait(key);
    } else {
      work_.cancel();
    }
  }
}

}  // namespace rafale::worker
