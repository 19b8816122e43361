// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Keep, deal, place.

#include "nimbus/scheduler.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rafale::nimbus {
namespace {

using coord::Assignment;
using coord::ExecutorAssignment;
using coord::WorkerAssignment;

/// One worker while executors are dealt.
struct Bin {
  std::vector<ExecutorAssignment> executors;
  std::size_t of(const std::string& component) const {
    return static_cast<std::size_t>(
        std::ranges::count(executors, component, &ExecutorAssignment::component));
  }
};

const WorkerAssignment* worker_of(const Assignment* assignment, std::uint32_t number) {
  if (assignment == nullptr) return nullptr;
  const auto found = std::ranges::find(assignment->workers, number, &WorkerAssignment::number);
  return found == assignment->workers.end() ? nullptr : &*found;
}

/// Leaves with their workers what may stay there; returns what must be dealt anew.
std::vector<ExecutorAssignment> keep(const std::vector<ExecutorAssignment>& executors,
                                     const Assignment* present, std::vector<Bin>& bins) {
  const std::size_t floor = executors.size() / bins.size();
  std::size_t above = executors.size() % bins.size();  // bins that may have one more
  std::vector<ExecutorAssignment> open;
  for (const ExecutorAssignment& executor : executors) {
    bool kept = false;
    for (std::uint32_t number = 0; number < bins.size() && !kept; ++number) {
      const WorkerAssignment* before = worker_of(present, number);
      if (before == nullptr ||
          std::ranges::find(before->executors, executor) == before->executors.end()) {
        continue;
      }
      const std::size_t load = bins[number].executors.size();
      if (load < floor || (load == floor && above > 0)) {
        if (load == floor) --above;
        bins[number].executors.push_back(executor);
        kept = true;
      }
    }
    if (!kept) open.push_back(executor);
  }
  return open;
}

void deal(const std::vector<ExecutorAssignment>& open, std::vector<Bin>& bins) {
  for (const ExecutorAssignment& executor : open) {
    const auto least = std::ranges::min_element(bins, {}, [&](const Bin& bin) {
      return std::tuple(bin.executors.size(), bin.of(executor.component));
    });
    least->executors.push_back(executor);
  }
}

/// Takes the best slot for one more worker.
Slot take_slot(std::vector<Slot>& free, const std::map<std::string, int>& own) {
  std::map<std::string, int> left;
  for (const Slot& slot : free) ++left[slot.supervisor];
  const auto best = std::ranges::min_element(free, {}, [&](const Slot& slot) {
    const auto mine = own.find(slot.supervisor);
    return std::tuple(mine == own.end() ? 0 : mine->second, -left[slot.supervisor], slot.supervisor,
                      slot.port);
  });
  Slot slot = *best;
  free.erase(best);
  return slot;
}

}  // namespace

std::vector<ExecutorAssignment> executors_of(const coord::TopologySpec& spec,
                                             const coord::TopologyRecord& record) {
  std::vector<ExecutorAssignment> executors;
  for (const coord::ComponentSpec& component : spec.components) {
    if (!component.fused_into.empty()) continue;
    std::uint64_t count = component.executors;
    const auto wanted = record.executors.find(component.name);
    if (wanted != record.executors.end()) count = wanted->second;
    count = std::clamp<std::uint64_t>(count, 1, std::max(component.tasks, 1u));
    for (std::uint64_t e = 0; e < count; ++e) {
      const auto bound = [&](std::uint64_t i) {
        return static_cast<std::uint32_t>(i * component.tasks / count);
      };
      executors.push_back({component.name, component.first_task + bound(e),
                           component.first_task + bound(e + 1) - 1});
    }
  }
  return executors;
}

std::vector<std::string> placement_notes(const coord::TopologySpec& spec) {
  const std::size_t executors = executors_of(spec, {}).size();
  if (executors >= spec.workers) return {};
  return {absl::StrCat("topology.workers is ", spec.workers, ", but there are only ", executors,
                       " executors, so no more than ", executors,
                       " are used: give components more parallelism, or set topology.fuse to false "
                       "if some ride along in others")};
}

coord::Assignment schedule(const ScheduleInput& input) {
  Assignment next;
  next.topology = input.record->id;
  next.name = input.record->name;
  next.plugin_sha256 = input.record->plugin_sha256;
  next.spec_sha256 = input.record->spec_sha256;
  next.epoch = input.present == nullptr ? 1 : input.present->epoch + 1;
  next.spouts_active = input.spouts_active;

  const std::vector<ExecutorAssignment> executors = executors_of(*input.spec, *input.record);
  std::size_t slots = input.free.size();
  if (input.present != nullptr) slots += input.present->workers.size() - input.lost.size();
  const std::size_t count = std::min({std::size_t{input.record->workers}, executors.size(), slots});
  if (count == 0) return next;
  std::vector<Bin> bins(count);
  deal(keep(executors, input.present, bins), bins);

  std::vector<Slot> free = input.free;
  std::map<std::string, int> own;  // workers of this topology by supervisor
  if (input.present != nullptr) {
    for (const WorkerAssignment& worker : input.present->workers) {
      if (input.lost.contains(worker.number)) continue;
      if (worker.number < count) {
        ++own[worker.supervisor];
      } else {
        free.push_back({worker.supervisor, worker.host, worker.port});
      }
    }
  }
  for (std::uint32_t number = 0; number < count; ++number) {
    WorkerAssignment& worker = next.workers.emplace_back();
    worker.number = number;
    worker.executors = std::move(bins[number].executors);
    std::ranges::sort(worker.executors);
    const WorkerAssignment* before = worker_of(input.present, number);
    if (before != nullptr && !input.lost.contains(number)) {
      worker.supervisor = before->supervisor;
      worker.host = before->host;
      worker.port = before->port;
      const bool same = before->executors == worker.executors;
      worker.instance_base = same ? before->instance_base : next.epoch * 1024;
      continue;
    }
    const Slot slot = take_slot(free, own);
    ++own[slot.supervisor];
    worker.supervisor = slot.supervisor;
    worker.host = slot.host;
    worker.port = slot.port;
    worker.instance_base = next.epoch * 1024;
  }
  return next;
}

}  // namespace rafale::nimbus
