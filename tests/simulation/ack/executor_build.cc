// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Construction and wiring of a simulated executor's tasks.
#include <algorithm>
#include <utility>

#include "tests/simulation/ack/executor.h"
#include "tests/simulation/ack/user_code.h"
#include "tests/simulation/ack/window.h"

namespace rafale::worker::sim {
namespace {

std::vector<const detail::StreamInfo*> outputs_of(const Component& component) {
  std::vector<const detail::StreamInfo*> streams;
  for (const detail::StreamInfo& stream : component.streams) {
    streams.push_back(&stream);
  }
  return streams;
}

}  // namespace

SimExecutor::SimExecutor(SimWorker& at, TaskId task)
    : worker(at),
      world(at.world),
      task_(task),
      component_(at.world.graph.of(task)),
      incarnation_(static_cast<std::uint32_t>(at.world.random.next())) {
  make_core();
  const std::uint32_t index = task - component_.first;
  TaskOutput* head = nullptr;
  if (component_.role == Role::bolt) {
    bolt_ = make_bolt(component_, index);
    head = bolt_.get();
  } else {
    make_spout();
    head = spout_.get();
  }
  outputs_.push_back(head);
  make_children(component_, *head, index);
  wire(component_, *head);
  for (const auto& [component, child] : child_of_) {
    wire(*component, *child);
  }
}

SimExecutor::~SimExecutor() = default;

void SimExecutor::make_core() {
  const ExecutorCore::Options options{.seed = world.is(Mutant::one_seed) ? 7 : world.random.next(),
                                      .worker = me().worker,
                                      .instance = me().instance};
  core_ =
      std::make_unique<ExecutorCore>(options, *this, worker.errors, worker.letters, worker.floors);
  core_->now_ns = world.now;
}

void SimExecutor::make_spout() {
  const Tracker::Options options{.self = {task_, incarnation_},
                                 .own_worker = me().worker,
                                 .guard = world.random.next() | 1,
                                 .timeout_ns = world.settings.timeout_ns,
                                 .ring = world.settings.ring};
  std::unique_ptr<Source> source;
  WindowSource* results = nullptr;
  if (component_.role == Role::window) {
    auto made = std::make_unique<WindowSource>(*this, component_);
    results = made.get();
    source = std::move(made);
  } else {
    source = std::make_unique<SimSpout>(*this, component_);
  }
  source_ = source.get();
  const std::size_t max_pending = results != nullptr ? ~std::size_t{0} : world.settings.max_pending;
  spout_ = std::make_unique<SpoutTask>(*core_, component_.name, task_, outputs_of(component_),
                                       std::move(source), options, max_pending);
  if (results != nullptr) {
    window_ = std::make_unique<WindowTask>(*this, *spout_, *results);
  }
  spout_->tracker().set_now(world.now);
  world.started(spout_->tracker().self(), worker);
  for (unsigned other = 0; other < kWorkers && !world.is(Mutant::forgets_the_dead); ++other) {
    if (worker.dead(other) > 0) {
      spout_->tracker().peer_lost(world.settings.ids[other], worker.dead(other));
    }
  }
}

std::unique_ptr<BoltTask> SimExecutor::make_bolt(const Component& component, std::uint32_t index) {
  BoltInstance instance;
  SimBolt* bolt = nullptr;
  SimBasicBolt* basic = nullptr;
  if (component.basic) {
    auto made = std::make_unique<SimBasicBolt>(*this, component);
    basic = made.get();
    instance.basic = std::move(made);
  } else {
    auto made = std::make_unique<SimBolt>(*this, component);
    bolt = made.get();
    instance.bolt = std::move(made);
    bolts_.push_back(bolt);
  }
  auto task =
      std::make_unique<BoltTask>(*core_, component.name, component.first + index,
                                 outputs_of(component), component.inputs, std::move(instance));
  if (bolt != nullptr) {
    bolt->bind(*task);
  } else {
    basic->bind(*task);
  }
  return task;
}

void SimExecutor::make_children(const Component& component, TaskOutput& parent,
                                std::uint32_t index) {
  for (const std::size_t number : component.children) {
    const Component& child = world.graph.components()[number];
    BoltTask& task = *children_.emplace_back(make_bolt(child, index));
    outputs_.push_back(&task);
    child_of_.emplace_back(&child, &task);
    std::uint16_t input = 0;
    for (const Port port : {kInner, kMain}) {  // the order of the child's inputs, see Graph::fuse
      if (std::ranges::find(component.fused_out[port], number) != component.fused_out[port].end()) {
        parent.port(port).fused.push_back(&task);
        parent.port(port).fused_input.push_back(input++);
      }
    }
    make_children(child, task, index);
  }
}

void SimExecutor::wire(const Component& component, TaskOutput& task) {
  task.port(kPoint).direct = !component.out[kPoint].empty();
  for (std::uint16_t port = 0; port < kPorts; ++port) {
    for (const Subscription& subscription : component.out[port]) {
      const Component& to = world.graph.components()[subscription.to];
      GroupingContext context{.schema = &component.streams[port].schema,
                              .tasks = to.tasks,
                              .local = {},
                              .seed = world.random.next()};
      Outlet outlet;
      for (std::uint32_t i = 0; i < to.tasks; ++i) {
        Lane lane;
        lane.to = worker.destination(to.first + i);
        lane.cyclic = subscription.cyclic;
        lane.input = subscription.input;
        if (lane.to.worker == me().worker) {
          context.local.push_back(i);
        }
        outlet.lanes.push_back(std::move(lane));
      }
      outlet.grouper = make_grouper(subscription.grouping, context);
      task.port(port).outlets.push_back(std::move(outlet));
    }
  }
  task.wired(tracker());
}

void SimExecutor::add_statistics(Statistics& sum) const {
  for (const TaskOutput* output : outputs_) {
    sum.skipped += output->counters().skipped.get();
    sum.misused += output->counters().misused.get();
  }
}

void SimExecutor::drop_queues() {
  handed_.clear();
  while (Batch* batch = inbox_.pop()) {
    batch->release();
  }
  while (RecordBlock* block = control_.pop()) {
    block->home != nullptr ? block->home->give_back(block) : delete block;
  }
}

void SimExecutor::drop_tasks() {
  for (SimBolt* bolt : bolts_) {
    bolt->drop_kept();
  }
  window_.reset();
  bolt_.reset();
  children_.clear();
  spout_.reset();
}

}  // namespace rafale::worker::sim
