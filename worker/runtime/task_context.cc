// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Look-ups and hand-overs of a task's context.
#include "worker/runtime/task_context.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rafale::worker {
namespace {

[[noreturn]] void unknown(const std::string& what, const std::vector<std::string>& known) {
  std::string text = what + "; there is ";
  for (std::size_t i = 0; i < known.size(); ++i) {
    text += (i == 0 ? "" : ", ") + known[i];
  }
  throw std::invalid_argument(known.empty() ? what + "; there is none" : text);
}

}  // namespace

TaskContextImpl::TaskContextImpl(const RuntimeView& view, const ComponentDef& def, TaskId task,
                                 std::uint32_t index)
    : view_(view), def_(def), task_(task), index_(index), config_(view.topology->config) {
  config_.merge(def.config);
}

void TaskContextImpl::bind(SpoutExecutor& executor, std::size_t source, SpoutTask& task) {
  executor_ = spout_executor_ = &executor;
  source_ = source;
  spout_task_ = &task;
}

const Schema& TaskContextImpl::input(std::string_view component, std::string_view stream) const {
  std::vector<std::string> known;
  for (const InputDef& input : def_.inputs) {
    if (input.component == component && input.stream == stream) {
      return view_.topology->component(component)->stream(stream)->schema;
    }
    known.push_back(input.component + "/" + input.stream);
  }
  unknown(
      def_.name + " does not subscribe to " + std::string(component) + "/" + std::string(stream),
      known);
}

StreamId TaskContextImpl::output(std::string_view stream) const {
  if (const auto id = stream_index(def_, stream)) {
    return *id;
  }
  std::vector<std::string> known;
  for (const StreamDef& def : def_.streams) {
    known.push_back(def.name);
  }
  unknown(def_.name + " declares no stream " + std::string(stream), known);
}

std::vector<TaskId> TaskContextImpl::tasks(std::string_view component) const {
  std::vector<TaskId> tasks;
  for (const PlannedComponent& planned : view_.plan->components()) {
    for (TaskId i = 0; planned.def->name == component && i < planned.def->tasks; ++i) {
      tasks.push_back(planned.first_task + i);
    }
  }
  return tasks;
}

Counter& TaskContextImpl::counter(std::string_view name) {
  const std::lock_guard lock(counters_mutex_);
  auto it = counters_.find(name);
  if (it == counters_.end()) {
    it = counters_.emplace(std::string(name), std::make_unique<CounterImpl>()).first;
  }
  return *it->second;
}

void TaskContextImpl::add_counters(std::map<std::string, std::int64_t>& sum) const {
  const std::lock_guard lock(counters_mutex_);
  for (const auto& [name, counter] : counters_) {
    sum[name] += counter->get();
  }
}

void TaskContextImpl::dead_letter(const DeadLetter& letter) {
  view_.dead_letters->write(def_.name, task_, letter);
}

void TaskContextImpl::post(std::function<void()> work) {
  executor_->post([this, work = std::move(work)] {
    if (closed_.load(std::memory_order_acquire)) {
      return;
    }
    try {
      work();
    } catch (const std::exception& e) {
      ExecutorCore& core = executor_->core();
      core.errors.note(def_.name, std::string("posted work: ") + e.what(), core.now_ns);
    } catch (...) {
      ExecutorCore& core = executor_->core();
      core.errors.note(def_.name, "posted work threw something that is no std::exception",
                       core.now_ns);
    }
  });
}

void TaskContextImpl::wake() { spout_executor_->wake(source_); }

}  // namespace rafale::worker
