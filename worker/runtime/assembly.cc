// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Construction of executors and wiring of lanes.
#include "worker/runtime/assembly.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "rafale/config_keys.h"

namespace rafale::worker {

RuntimeSettings::RuntimeSettings(const Config& config)
    : timeout_ns(
          static_cast<std::int64_t>(config.get<double>("topology.message.timeout.secs", 30) * 1e9)),
      max_tuple_bytes(
          static_cast<std::size_t>(config.get<std::int64_t>("topology.max.tuple.bytes", 8 << 20))),
      max_held_bytes(
          static_cast<std::size_t>(config.get<std::int64_t>("topology.max.held.bytes", 64 << 20))),
      high_mark(static_cast<std::size_t>(
          config.get<std::int64_t>("topology.executor.receive.buffer.batches", 64))),
      acking(config.get<std::int64_t>("topology.acker.executors", 1) != 0),
      fuse(config.get<bool>("topology.fuse", true)) {}

Assembly::Assembly(const Parts& parts)
    : parts_(parts),
      random_(parts.seed),
      floors_(std::make_unique<FloorBoard>(parts.plan.task_count() + 1)),
      tasks_(parts.plan.task_count() + 1),
      by_task_(parts.plan.task_count() + 1) {
  make_streams();
  const auto& components = parts.plan.components();
  for (std::size_t c = 0; c < components.size(); ++c) {
    for (std::uint32_t i = 0; i < components[c].def->tasks; ++i) {
      if (!parts.placement.is_own(components[c].first_task + i)) continue;
      AssembledTask& made = task(c, i);
      made.def = components[c].def;
      made.context = std::make_unique<TaskContextImpl>(parts.view, *components[c].def,
                                                       components[c].first_task + i, i);
    }
  }
  for (std::size_t c = 0; c < components.size(); ++c) {
    for (const TaskRange range : parts.placement.executors(c)) make_executor(c, range);
  }
  for (std::size_t c = 0; c < components.size(); ++c) {
    for (std::uint32_t i = 0; i < components[c].def->tasks; ++i) {
      if (task(c, i).output != nullptr) connect(c, i);
    }
  }
}

void Assembly::stop_dedicated_threads() {
  for (const auto& thread : dedicated_) {
    thread->stop();
  }
}

void Assembly::make_streams() {
  for (const PlannedComponent& component : parts_.plan.components()) {
    auto& infos = streams_.emplace_back(stream_slots(*component.def));
    for (const StreamDef& stream : component.def->streams) {
      infos[stream_index(*component.def, stream.name)->index] =
          std::make_unique<detail::StreamInfo>(
              detail::StreamInfo{component.def->name, stream.name, stream.schema});
    }
  }
}

std::vector<const detail::StreamInfo*> Assembly::outputs_of(std::size_t component) const {
  std::vector<const detail::StreamInfo*> outputs;
  for (const auto& info : streams_[component]) {
    outputs.push_back(info.get());
  }
  return outputs;
}

std::vector<const detail::StreamInfo*> Assembly::inputs_of(std::size_t component) const {
  std::vector<const detail::StreamInfo*> inputs;
  for (const InputDef& input : parts_.plan.components()[component].def->inputs) {
    const std::size_t producer = parts_.plan.index(input.component);
    const ComponentDef& def = *parts_.plan.components()[producer].def;
    inputs.push_back(streams_[producer][stream_index(def, input.stream)->index].get());
  }
  return inputs;
}

// --- executors and tasks
// ----------------------------------------------------------------------------------

void Assembly::make_executor(std::size_t component, TaskRange range) {
  const ComponentDef& def = *parts_.plan.components()[component].def;
  Scheduler* scheduler = &parts_.pool;
  if (def.blocking) {
    scheduler = dedicated_.emplace_back(std::make_unique<DedicatedThread>()).get();
  }
  const Executor::Options options{.component = def.name, .high_mark = parts_.settings.high_mark};
  const auto [first, last] = range;
  const std::int64_t now = parts_.alarms.now_ns();
  Fused fused;
  if (def.is_spout()) {
    auto made = std::make_unique<SpoutExecutor>(options, *scheduler, parts_.alarms);
    SpoutExecutor& executor = *made;
    executors_.push_back(std::move(made));
    spout_executors_.push_back(&executor);
    ExecutorCore& core = make_core(executor);
    std::vector<std::unique_ptr<SpoutTask>> spouts;
    for (std::uint32_t i = first; i < last; ++i) {
      spouts.push_back(make_spout(core, component, i));
      task(component, i).context->bind(executor, i - first, *spouts.back());
      adopt(task(component, i), executor);
      make_fused(core, component, i, fused);
    }
    for (const auto& bolt : fused) {
      adopt(tasks_[bolt->task()], executor);
      add_ticks(tasks_[bolt->task()], executor.ticks(), now);
    }
    executor.wire(core, *floors_, std::move(spouts), std::move(fused));
    return;
  }
  auto made = std::make_unique<BoltExecutor>(options, *scheduler, parts_.alarms);
  BoltExecutor& executor = *made;
  executors_.push_back(std::move(made));
  ExecutorCore& core = make_core(executor);
  std::vector<std::unique_ptr<BoltTask>> bolts;
  for (std::uint32_t i = first; i < last; ++i) {
    bolts.push_back(make_bolt(core, component, i));
    adopt(task(component, i), executor);
    add_ticks(task(component, i), executor.ticks(), now);
    make_fused(core, component, i, fused);
  }
  for (const auto& bolt : fused) {
    adopt(tasks_[bolt->task()], executor);
    add_ticks(tasks_[bolt->task()], executor.ticks(), now);
  }
  executor.wire(core, std::move(bolts), std::move(fused));
}

ExecutorCore& Assembly::make_core(Executor& executor) {
  exchanges_.push_back(parts_.make_exchange(executor, by_task_));
  const ExecutorCore::Options options{.seed = random_.next(),
                                      .worker = parts_.placement.worker(),
                                      .instance = parts_.placement.instance(),
                                      .acking = parts_.settings.acking,
                                      .max_tuple_bytes = parts_.settings.max_tuple_bytes,
                                      .max_held_bytes = parts_.settings.max_held_bytes};
  ExecutorCore& core = *cores_.emplace_back(std::make_unique<ExecutorCore>(
      options, *exchanges_.back(), parts_.errors, parts_.dead_letters, *floors_));
  core.now_ns = parts_.alarms.now_ns();
  core.clock = [&alarms = parts_.alarms] { return alarms.now_ns(); };
  if (parts_.counter_memory) core.counter_memory = parts_.counter_memory;
  core.component_of = [&plan = parts_.plan](TaskId id) { return plan.component_of(id); };
  return core;
}

std::unique_ptr<BoltTask> Assembly::make_bolt(ExecutorCore& core, std::size_t component,
                                              std::uint32_t index) {
  const PlannedComponent& planned = parts_.plan.components()[component];
  BoltInstance instance;
  if (const auto* make = std::get_if<BoltFactory>(&planned.def->factory)) {
    instance.bolt = (*make)();
  } else {
    instance.basic = std::get<BasicBoltFactory>(planned.def->factory)();
  }
  auto bolt =
      std::make_unique<BoltTask>(core, planned.def->name, planned.first_task + index,
                                 outputs_of(component), inputs_of(component), std::move(instance));
  task(component, index).bolt = bolt.get();
  task(component, index).output = bolt.get();
  return bolt;
}

std::unique_ptr<SpoutTask> Assembly::make_spout(ExecutorCore& core, std::size_t component,
                                                std::uint32_t index) {
  const PlannedComponent& planned = parts_.plan.components()[component];
  AssembledTask& made = task(component, index);
  const Tracker::Options tracker{
      .self = {planned.first_task + index, static_cast<std::uint32_t>(random_.next())},
      .own_worker = core.options.worker,
      .guard = random_.next() | 1,
      .timeout_ns = parts_.settings.timeout_ns};
  const auto max_pending =
      made.context->config().get<std::int64_t>("topology.max.spout.pending", 65536);
  auto spout = std::make_unique<SpoutTask>(
      core, planned.def->name, planned.first_task + index, outputs_of(component),
      std::get<SpoutFactory>(planned.def->factory)(), tracker,
      static_cast<std::size_t>(std::max<std::int64_t>(max_pending, 1)));
  made.spout = spout.get();
  made.output = spout.get();
  return spout;
}

void Assembly::make_fused(ExecutorCore& core, std::size_t parent, std::uint32_t index,
                          Fused& fused) {
  for (std::size_t c = 0; c < parts_.plan.components().size(); ++c) {
    if (parts_.plan.components()[c].fused_into == parent) {
      fused.push_back(make_bolt(core, c, index));
      make_fused(core, c, index, fused);
    }
  }
}

void Assembly::adopt(AssembledTask& task, Executor& executor) {
  task.executor = &executor;
  by_task_[task.output->task()] = &executor;
  if (task.spout == nullptr) {
    task.context->bind(executor);
  }
}

void Assembly::add_ticks(AssembledTask& task, TickTable& ticks, std::int64_t now_ns) {
  const std::int64_t interval = tick_interval_ms(task.context->config());
  if (interval > 0) {
    ticks.add(*task.bolt, interval, now_ns);
  }
}

// --- lanes
// ------------------------------------------------------------------------------------------------

void Assembly::connect(std::size_t component, std::uint32_t index) {
  AssembledTask& from = task(component, index);
  const auto& components = parts_.plan.components();
  for (std::size_t c = 0; c < components.size(); ++c) {
    for (std::size_t input = 0; input < components[c].def->inputs.size(); ++input) {
      if (components[c].def->inputs[input].component == from.def->name) {
        connect_input(*from.output, component, index, c, input);
      }
    }
  }
  for (const StreamDef& stream : from.def->streams) {
    from.output->port(stream_index(*from.def, stream.name)->index).direct = stream.direct;
  }
  // Follow the fusion up to its root: if that is a spout, its tracker is at hand.
  std::size_t root = component;
  while (components[root].fused()) {
    root = components[root].fused_into;
  }
  SpoutTask* spout = task(root, index).spout;
  from.output->wired(spout != nullptr ? &spout->tracker() : nullptr);
}

void Assembly::connect_input(TaskOutput& from, std::size_t producer, std::uint32_t index,
                             std::size_t subscriber, std::size_t input) {
  const PlannedComponent& to = parts_.plan.components()[subscriber];
  const InputDef& def = to.def->inputs[input];
  const StreamId stream = *stream_index(*parts_.plan.components()[producer].def, def.stream);
  TaskOutput::Port& port = from.port(stream.index);
  const auto input_number = static_cast<std::uint16_t>(input);
  if (to.fused_into == producer) {
    port.fused.push_back(task(subscriber, index).bolt);
    port.fused_input.push_back(input_number);
    return;
  }
  GroupingContext context{.schema = &streams_[producer][stream.index]->schema,
                          .tasks = to.def->tasks,
                          .local = {},
                          .seed = random_.next()};
  Outlet outlet;
  for (std::uint32_t i = 0; i < to.def->tasks; ++i) {
    if (parts_.placement.is_own(to.first_task + i)) context.local.push_back(i);
    Lane lane;
    lane.to = parts_.placement.destination(to.first_task + i);
    lane.cyclic = to.cyclic_input[input];
    lane.input = input_number;
    outlet.lanes.push_back(std::move(lane));
  }
  outlet.grouper = make_grouper(def.grouping, context);
  port.outlets.push_back(std::move(outlet));
}

}  // namespace rafale::worker
