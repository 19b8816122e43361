// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One instance of a simulated worker: its executors and what it knows of the others.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/simulation/ack/world.h"
#include "worker/ack/floor_board.h"
#include "worker/executor/core.h"
#include "worker/metrics/error_book.h"

namespace rafale::worker::sim {

class SimWorker {
 public:
  SimWorker(World& in, unsigned index, std::uint32_t instance, std::uint32_t epoch);
  ~SimWorker();
  SimWorker(const SimWorker&) = delete;
  SimWorker& operator=(const SimWorker&) = delete;

  const Place& me() const { return me_; }
  unsigned index() const { return index_; }
  std::uint32_t epoch() const { return epoch_; }
  const Assignment& view() const { return world.assignments[epoch_]; }
  /// Where it believes a task to be.
  Destination destination(TaskId task) const;
  SimExecutor* executor(TaskId task) const;
  const std::map<TaskId, std::unique_ptr<SimExecutor>>& executors() const { return executors_; }
  /// It has learnt of its successor and ends.
  bool retired() const { return retired_; }
  /// No instance that it sends to is known to be dead.
  bool view_is_clean() const;
  /// The highest instance of that worker that is known to be dead.
  std::uint32_t dead(unsigned worker) const { return dead_[worker]; }

  void send(Channel channel, TaskId task, Frame frame, const Place& to);
  void receive(const Frame& frame);
  void adopt(std::uint32_t epoch);
  void hear_lost(unsigned worker, std::uint32_t instance);
  void hear_floor(const SpoutRef& spout, std::uint64_t floor);
  void tick();

  World& world;
  FloorBoard floors{Graph::kMostTasks};
  ErrorBook errors{nullptr};
  struct Letters final : DeadLetters {
    void write(const std::string&, TaskId, const DeadLetter&) override {}
  } letters;

 private:
  void lose(unsigned worker, std::uint32_t instance);
  void start_tasks();
  void rebind();
  void run_callbacks();

  unsigned index_;
  Place me_;
  std::uint32_t epoch_;
  bool retired_ = false;
  std::array<std::uint32_t, kWorkers> dead_{};
  std::map<TaskId, std::uint32_t> known_start_;  // of the floors
  std::map<TaskId, std::unique_ptr<SimExecutor>> executors_;
};

}  // namespace rafale::worker::sim
