// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How a simulated worker hears of assignments, losses and floors.
#include "tests/simulation/ack/worker.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/simulation/ack/executor.h"

namespace rafale::worker::sim {

SimWorker::SimWorker(World& in, unsigned index, std::uint32_t instance, std::uint32_t epoch)
    : world(in), index_(index), me_(in.place(index, instance)), epoch_(epoch) {
  for (unsigned other = 0; other < kWorkers; ++other) {
    dead_[other] = view().instance[other] - 1;
  }
  start_tasks();
}

SimWorker::~SimWorker() {
  for (const auto& [task, executor] : executors_) {
    executor->drop_queues();
  }
  for (const auto& [task, executor] : executors_) {
    executor->drop_tasks();
  }
}

Destination SimWorker::destination(TaskId task) const {
  const unsigned at = view().place[task];
  return {.task = task, .worker = world.settings.ids[at], .instance = view().instance[at]};
}

SimExecutor* SimWorker::executor(TaskId task) const {
  const auto it = executors_.find(task);
  return it == executors_.end() ? nullptr : it->second.get();
}

bool SimWorker::view_is_clean() const {
  for (unsigned other = 0; other < kWorkers; ++other) {
    if (dead_[other] >= view().instance[other]) {
      return false;
    }
  }
  return true;
}

void SimWorker::send(Channel channel, TaskId, Frame frame, const Place& to) {
  world.link(me_, to, channel).send(std::move(frame));
}

void SimWorker::receive(const Frame& frame) {
  adopt(frame.epoch);
  SimExecutor* to = executor(frame.task);
  if (retired_ || to == nullptr) {
    return;
  }
  if (const auto* batch = std::get_if<WireBatch>(&frame.load)) {
    to->push(*batch);
  } else {
    to->push(std::get<WireRecords>(frame.load));
  }
}

void SimWorker::adopt(std::uint32_t epoch) {
  if (epoch <= epoch_ || retired_) {
    return;
  }
  const Assignment& next = world.assignments[epoch];
  if (next.instance[index_] != me_.instance) {
    retired_ = true;
    world.changed();
    return;
  }
  world.log("worker ", me_.worker, '.', me_.instance, " adopts assignment ", epoch);
  const Assignment& old = view();
  epoch_ = epoch;
  for (unsigned other = 0; other < kWorkers; ++other) {  // all losses before any callback
    if (next.instance[other] > old.instance[other]) {
      lose(other, next.instance[other] - 1);
    }
  }
  rebind();
  start_tasks();
  run_callbacks();
}

void SimWorker::rebind() {
  std::vector<Destination> now;
  for (const TaskId task : world.graph.heads()) {
    now.push_back(destination(task));
  }
  for (const auto& [task, executor] : executors_) {
    executor->rebind(now);
  }
}

void SimWorker::start_tasks() {
  for (const TaskId task : world.graph.heads()) {
    const Destination to = destination(task);
    if (Place{to.worker, to.instance} == me_ && executor(task) == nullptr) {
      executors_[task] = std::make_unique<SimExecutor>(*this, task);
    }
  }
  world.changed();
}

void SimWorker::hear_lost(unsigned worker, std::uint32_t instance) {
  world.log("worker ", me_.worker, '.', me_.instance, " hears that ", world.settings.ids[worker],
            '.', instance, " is lost");
  lose(worker, instance);
  run_callbacks();
}

void SimWorker::lose(unsigned worker, std::uint32_t instance) {
  dead_[worker] = std::max(dead_[worker], instance);
  if (world.is(Mutant::deaf_to_loss)) {
    return;
  }
  for (const auto& [task, executor] : executors_) {
    if (Tracker* tracker = executor->tracker()) {
      tracker->peer_lost(world.settings.ids[worker], instance);
      executor->scan();
    }
  }
}

void SimWorker::run_callbacks() {
  for (const auto& [task, executor] : executors_) {
    if (executor->tracker() != nullptr) {
      executor->run_callbacks();
    }
  }
}

void SimWorker::hear_floor(const SpoutRef& spout, std::uint64_t floor) {
  SpoutRef about = spout;
  if (world.is(Mutant::floor_of_any_start)) {
    about.incarnation = world.incarnation[spout.task];
  }
  const auto known = known_start_.find(spout.task);
  if (known == known_start_.end() || known->second != about.incarnation) {
    known_start_[spout.task] = about.incarnation;
    floors.start(about);
  }
  floors.raise(about, floor);
}

void SimWorker::tick() {
  for (const auto& [task, executor] : executors_) {
    if (executor->tracker() != nullptr) {
      executor->tick();
    }
  }
}

}  // namespace rafale::worker::sim
