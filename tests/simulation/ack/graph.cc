// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Draws the random topology.
#include "tests/simulation/ack/graph.h"

#include <utility>

namespace rafale::worker::sim {
namespace {

constexpr std::size_t kNobody = ~std::size_t{0};
constexpr std::array<std::string_view, kPorts> kPortNames = {"default", "wide",  "point",
                                                             "void",    "inner", "back"};

Grouping of_kind(Grouping::Kind kind) { return {.kind = kind, .fields = {}}; }

}  // namespace

Graph::Graph(Random& random, bool windows, bool cycle) {
  const auto tasks = [&random] { return static_cast<std::uint32_t>(1 + random.below(2)); };
  const std::size_t source = add("source", Role::spout, 2);
  const std::size_t near = add("near", Role::bolt, tasks());
  const std::size_t far = add("far", Role::bolt, tasks());
  const std::size_t sink = add("sink", Role::bolt, tasks());
  const std::size_t window = windows ? add("window", Role::window, tasks()) : kNobody;
  components_[far].basic = random.chance(0.2);
  components_[sink].basic = random.chance(0.2);

  connect(random, source, near, sink);
  connect(random, near, far, window);
  connect(random, far, sink, window);
  if (windows) {
    connect(random, window, sink, kNobody);
  }
  if (cycle) {
    subscribe(far, kBack, near, of_kind(Grouping::Kind::shuffle), true);
  }
  if (random.chance(0.5)) {
    connect(random, fuse(random, source, "source_child"), near, kNobody);
  }
  if (random.chance(0.5)) {
    const std::size_t child = fuse(random, near, "near_child");
    connect(random, child, far, window);
    if (random.chance(0.5)) {
      connect(random, fuse(random, child, "near_grandchild"), far, kNobody);
    }
  }
  if (random.chance(0.3)) {
    connect(random, fuse(random, far, "far_child"), sink, kNobody);
  }
}

const Component& Graph::of(TaskId task) const {
  for (const Component& component : components_) {
    if (task >= component.first && task < component.first + component.tasks) {
      return component;
    }
  }
  return components_.front();
}

std::size_t Graph::add(std::string_view name, Role role, std::uint32_t tasks) {
  Component& component = components_.emplace_back();
  component.name = name;
  component.role = role;
  component.tasks = tasks;
  component.first = next_task_;
  for (std::size_t i = 0; i < kPorts; ++i) {
    component.streams[i] = {component.name,
                            std::string(kPortNames[i]),
                            {{"row", FieldType::int64},
                             {"hops", FieldType::int64},
                             {"key", FieldType::string},
                             {"load", FieldType::string}}};
  }
  for (std::uint32_t i = 0; i < tasks; ++i) {
    heads_.push_back(next_task_++);
  }
  return components_.size() - 1;
}

std::size_t Graph::fuse(Random& random, std::size_t parent, std::string_view name) {
  const std::size_t child = add(name, Role::bolt, components_[parent].tasks);
  heads_.resize(heads_.size() - components_[child].tasks);
  components_[child].fused = true;
  components_[child].basic = random.chance(0.2);
  components_[parent].children.push_back(child);
  components_[parent].fused_out[kInner].push_back(child);
  components_[child].inputs.push_back(&components_[parent].streams[kInner]);
  if (random.chance(0.5)) {
    components_[parent].fused_out[kMain].push_back(child);
    components_[child].inputs.push_back(&components_[parent].streams[kMain]);
  }
  return child;
}

void Graph::subscribe(std::size_t from, Port port, std::size_t to, Grouping grouping, bool cyclic) {
  if (to == kNobody) {
    return;
  }
  auto& inputs = components_[to].inputs;
  components_[from].out[port].push_back({.to = to,
                                         .input = static_cast<std::uint16_t>(inputs.size()),
                                         .grouping = std::move(grouping),
                                         .cyclic = cyclic});
  inputs.push_back(&components_[from].streams[port]);
}

void Graph::connect(Random& random, std::size_t from, std::size_t next, std::size_t other) {
  subscribe(from, kMain, next, any_grouping(random), false);
  subscribe(from, kWide, next, of_kind(Grouping::Kind::all), false);
  subscribe(from, kWide, other, of_kind(Grouping::Kind::shuffle), false);
  subscribe(from, kPoint, next, of_kind(Grouping::Kind::direct), false);
  if (random.chance(0.4)) {
    subscribe(from, kMain, other, any_grouping(random), false);
  }
}

Grouping Graph::any_grouping(Random& random) {
  switch (random.below(4)) {
    case 0:
      return {.kind = Grouping::Kind::fields, .fields = {"key"}};
    case 1:
      return of_kind(Grouping::Kind::global);
    case 2:
      return of_kind(Grouping::Kind::local_or_shuffle);
    default:
      return of_kind(Grouping::Kind::shuffle);
  }
}

}  // namespace rafale::worker::sim
