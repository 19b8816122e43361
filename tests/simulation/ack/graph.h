// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A random topology: spouts, bolts in two layers, fused bolts, a window, sinks, and a way back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/random.h"
#include "rafale/grouping.h"
#include "rafale/tuple.h"

namespace rafale::worker::sim {

using common::Random;

enum class Role : std::uint8_t { spout, bolt, window };

/// The streams that every component has.
enum Port : std::uint16_t {
  kMain,   ///< one task of the next component; also fused children
  kWide,   ///< all tasks of the next component, and one of another
  kPoint,  ///< direct
  kVoid,   ///< nobody
  kInner,  ///< fused children only, or nobody
  kBack,   ///< a component nearer to the spouts, or nobody
  kPorts,
};

struct Subscription {
  std::size_t to = 0;
  std::uint16_t input = 0;
  Grouping grouping;
  bool cyclic = false;
};

struct Component {
  std::string name;
  Role role = Role::bolt;
  TaskId first = 0;
  std::uint32_t tasks = 1;
  bool basic = false;  ///< a BasicBolt
  bool fused = false;  ///< runs in the executors of its producer
  std::array<detail::StreamInfo, kPorts> streams;
  std::array<std::vector<Subscription>, kPorts> out;
  std::array<std::vector<std::size_t>, kPorts> fused_out;  ///< children on that stream
  std::vector<std::size_t> children;
  std::vector<const detail::StreamInfo*> inputs;
};

class Graph {
 public:
  Graph(Random& random, bool windows, bool cycle);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  const std::deque<Component>& components() const { return components_; }
  const Component& of(TaskId task) const;
  /// The tasks that are not fused, ascending.
  const std::vector<TaskId>& heads() const { return heads_; }
  static constexpr TaskId kMostTasks = 64;

 private:
  std::size_t add(std::string_view name, Role role, std::uint32_t tasks);
  void subscribe(std::size_t from, Port port, std::size_t to, Grouping grouping, bool cyclic);
  std::size_t fuse(Random& random, std::size_t parent, std::string_view name);
  void connect(Random& random, std::size_t from, std::size_t next, std::size_t other);
  static Grouping any_grouping(Random& random);

  std::deque<Component> components_;  // streams are pointed to
  std::vector<TaskId> heads_;
  TaskId next_task_ = 1;
};

}  // namespace rafale::worker::sim
