// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Links between workers of one process: a thread that copies from one to the other.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "worker/cluster/cluster_runtime.h"
#include "worker/transport/transport.h"

namespace rafale::worker {

class MemoryTransport;

/// Delivers in the order of sending, all on one thread. What is for an instance that has not joined
/// waits; what is for one that has left is dropped, as is what one sent that has left.
class MemoryNet {
 public:
  MemoryNet() : thread_([this] { run(); }) {}
  ~MemoryNet() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
    for (Item& item : items_) item.drop();
  }

  struct Item {
    std::uint32_t from = 0;
    std::uint32_t from_instance = 0;
    std::uint32_t to = 0;
    std::uint32_t to_instance = 0;  // 0: whichever runs
    Batch* batch = nullptr;
    RecordBlock* block = nullptr;
    TaskId spout_task = 0;
    SpoutRef spout{};
    std::uint64_t floor = 0;

    void drop() const {
      if (batch != nullptr) batch->release();
      if (block != nullptr) block->home->give_back(block);
    }
  };

  void join(MemoryTransport& transport);
  /// As by kill -9: afterwards nothing goes to it or comes from it.
  void leave(MemoryTransport& transport);
  void send(const Item& item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(item);
    }
    changed_.notify_all();
  }
  bool idle_from(std::uint32_t worker) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::none_of(items_, [=](const Item& item) { return item.from == worker; });
  }
  /// The room that a sender lacks is there again.
  void give_back(std::uint32_t sender, TaskId task, std::uint32_t bytes);

  std::atomic<std::uint64_t> batches{0};

 private:
  void run();
  bool step(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::map<std::uint32_t, MemoryTransport*> joined_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> left_;
  bool delivering_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

/// One end of it. Holds back all that is sent until flush().
class MemoryTransport final : public Transport {
 public:
  static constexpr std::int64_t kWindow = 64 * 1024;

  MemoryTransport(MemoryNet& net, std::uint32_t worker, std::uint32_t instance)
      : net_(net), worker_(worker), instance_(instance) {}
  ~MemoryTransport() override { stop(); }

  std::uint16_t port() const override { return 0; }
  void ready() override { net_.join(*this); }
  void set_peers(std::uint32_t, const std::vector<Peer>& peers) override {
    const std::lock_guard lock(mutex_);
    for (const Peer& peer : peers) peers_[peer.worker] = peer.instance;
  }
  bool send(Batch* batch) override {
    {
      const std::lock_guard lock(mutex_);
      if (peers_[batch->to.worker] != batch->to.instance) {
        batch->release();
        return true;
      }
      open_[batch->to.task] += batch->bytes;
    }
    const TaskId task = batch->to.task;
    hold({.from = worker_,
          .from_instance = instance_,
          .to = batch->to.worker,
          .to_instance = batch->to.instance,
          .batch = batch});
    return has_room(task);
  }
  void send(std::uint32_t worker, TaskId spout_task, RecordBlock* block) override {
    hold({.from = worker_,
          .from_instance = instance_,
          .to = worker,
          .block = block,
          .spout_task = spout_task});
  }
  void flush(std::uint32_t worker) override {
    const std::lock_guard lock(mutex_);
    for (const MemoryNet::Item& item : held_) {
      if (item.to == worker) net_.send(item);
    }
    std::erase_if(held_, [worker](const MemoryNet::Item& item) { return item.to == worker; });
  }
  void send_floor(const SpoutRef& spout, std::uint64_t floor) override {
    const std::lock_guard lock(mutex_);
    for (const auto& [worker, instance] : peers_) {
      net_.send({.from = worker_,
                 .from_instance = instance_,
                 .to = worker,
                 .spout = spout,
                 .floor = floor});
    }
  }
  bool has_room(TaskId task) const override {
    const std::lock_guard lock(mutex_);
    const auto open = open_.find(task);
    return open == open_.end() || open->second < kWindow;
  }
  void consumed(std::uint32_t from_worker, TaskId task, std::uint32_t bytes) override {
    net_.give_back(from_worker, task, bytes);
  }
  bool drained() const override {
    const std::lock_guard lock(mutex_);
    return held_.empty() && net_.idle_from(worker_);
  }
  TransportCounts counts() const override { return {}; }
  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      for (const MemoryNet::Item& item : std::exchange(held_, {})) item.drop();
    }
    net_.leave(*this);
  }

  // --- the net's side
  void returned(TaskId task, std::uint32_t bytes) {
    bool room = false;
    {
      const std::lock_guard lock(mutex_);
      const bool had = open_[task] < kWindow;
      open_[task] -= bytes;
      room = !had && open_[task] < kWindow;
    }
    if (room) runtime->on_room(task);
  }
  void deliver(const MemoryNet::Item& item) {
    if (item.batch != nullptr) {
      Batch* copy = batches_.take(item.batch->bytes);
      std::memcpy(copy->data(), item.batch->data(), item.batch->bytes);
      copy->to = item.batch->to;
      copy->from = item.batch->from;
      copy->input = item.batch->input;
      copy->rows = item.batch->rows;
      copy->bytes = item.batch->bytes;
      copy->runs = item.batch->runs;
      copy->deltas = item.batch->deltas;
      copy->origin = item.from;
      runtime->on_batch(copy, item.from);
    } else if (item.block != nullptr) {
      RecordBlock* copy = blocks_.take();
      copy->records = item.block->records;
      copy->deltas = item.block->deltas;
      copy->tokens = item.block->tokens;
      runtime->on_records(item.spout_task, copy);
    } else {
      runtime->on_floor(item.spout, item.floor);
    }
  }
  std::uint32_t worker() const { return worker_; }
  std::uint32_t instance() const { return instance_; }

  ClusterRuntime* runtime = nullptr;

 private:
  void hold(const MemoryNet::Item& item) {
    const std::lock_guard lock(mutex_);
    if (stopped_) {
      item.drop();
    } else {
      held_.push_back(item);
    }
  }

  MemoryNet& net_;
  const std::uint32_t worker_;
  const std::uint32_t instance_;
  BatchPool batches_;
  RecordBlockPool blocks_;
  mutable std::mutex mutex_;
  Instances peers_;
  std::map<TaskId, std::int64_t> open_;
  std::vector<MemoryNet::Item> held_;
  bool stopped_ = false;
};

inline void MemoryNet::join(MemoryTransport& transport) {
  {
    const std::lock_guard lock(mutex_);
    joined_[transport.worker()] = &transport;
  }
  changed_.notify_all();
}

inline void MemoryNet::leave(MemoryTransport& transport) {
  std::unique_lock lock(mutex_);
  left_.insert({transport.worker(), transport.instance()});
  const auto joined = joined_.find(transport.worker());
  if (joined != joined_.end() && joined->second == &transport) joined_.erase(joined);
  // Blocks of its pools must be back before they go.
  std::erase_if(items_, [&](const Item& item) {
    const bool its = item.from == transport.worker() && item.from_instance == transport.instance();
    if (its) item.drop();
    return its;
  });
  changed_.wait(lock, [this] { return !delivering_; });
}

inline void MemoryNet::give_back(std::uint32_t sender, TaskId task, std::uint32_t bytes) {
  MemoryTransport* transport = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto joined = joined_.find(sender);
    if (joined != joined_.end()) transport = joined->second;
  }
  if (transport != nullptr) transport->returned(task, bytes);
}

inline void MemoryNet::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!step(lock)) changed_.wait(lock);
  }
}

/// Delivers or drops the first item that can be; false if none can.
inline bool MemoryNet::step(std::unique_lock<std::mutex>& lock) {
  for (auto at = items_.begin(); at != items_.end(); ++at) {
    const Item item = *at;
    const auto joined = joined_.find(item.to);
    const bool here = joined != joined_.end() &&
                      (item.to_instance == 0 || item.to_instance == joined->second->instance());
    const bool gone = left_.contains({item.from, item.from_instance}) ||
                      left_.contains({item.to, item.to_instance});
    if (!here && !gone) continue;
    items_.erase(at);
    if (!gone) {
      MemoryTransport* to = joined->second;
      delivering_ = true;
      lock.unlock();
      if (item.batch != nullptr) ++batches;
      to->deliver(item);
      item.drop();
      lock.lock();
      delivering_ = false;
      changed_.notify_all();
    } else {
      item.drop();
    }
    return true;
  }
  return false;
}

}  // namespace rafale::worker
