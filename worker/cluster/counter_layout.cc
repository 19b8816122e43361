// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Names for the numbers of TaskCounters, in their order.

#include "worker/cluster/counter_layout.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/metrics/counters.h"

namespace rafale::worker {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};
constexpr std::size_t kNumber = sizeof(std::uint64_t);

struct Kind {
  const char* name;
  std::uint32_t count = 1;
};

// All numbers of TaskCounters in its order.
constexpr Kind kKinds[] = {
    {"executed"},
    {"acked"},
    {"failed.timeout"},
    {"failed.explicit"},
    {"failed.exception"},
    {"failed.peer_lost"},
    {"skipped"},
    {"misused"},
    {"backpressured"},
    {"held_bytes"},
    {"messages"},
    {"unfollowed"},
    {"replayed"},
    {"dead_lettered"},
    {"pending"},
    {"oldest_ns"},
    {"state"},
    {"busy_ns"},
    {"execute_ns", Histogram::kBuckets},
    {"complete_ns", Histogram::kBuckets},
    {"reserved"},
};

constexpr std::size_t size_of_kinds() {
  std::size_t numbers = 0;
  for (const Kind& kind : kKinds) numbers += kind.count;
  return numbers * kNumber;
}
static_assert(size_of_kinds() == sizeof(TaskCounters), "kKinds must name all of TaskCounters");
static_assert(sizeof(PortCounters) == 2 * kNumber);

}  // namespace

absl::StatusOr<std::unique_ptr<CounterLayout>> CounterLayout::create(const std::string& path,
                                                                     const Plan& plan,
                                                                     const Placement& placement) {
  auto layout = std::make_unique<CounterLayout>();
  layout->first_block_.assign(plan.task_count() + std::size_t{1}, kNone);
  std::vector<common::CounterBlock> blocks;
  for (const PlannedComponent& component : plan.components()) {
    const ComponentDef& def = *component.def;
    std::vector<std::string> streams(stream_slots(def));
    for (const StreamDef& stream : def.streams) {
      streams[stream_index(def, stream.name)->index] = stream.name;
    }
    for (TaskId i = 0; i < def.tasks; ++i) {
      const TaskId task = component.first_task + i;
      if (!placement.is_own(task)) continue;
      layout->first_block_[task] = blocks.size();
      bool packed = false;
      for (const Kind& kind : kKinds) {
        blocks.push_back({absl::StrCat(def.name, "|", kind.name, "||", task), kind.count,
                          std::exchange(packed, true)});
      }
      for (const std::string& stream : streams) {
        blocks.push_back({absl::StrCat(def.name, "|emitted|", stream, "|", task), 1, true});
        blocks.push_back({absl::StrCat(def.name, "|transferred|", stream, "|", task), 1, true});
      }
    }
  }
  auto file = common::CounterFile::create(path, blocks);
  if (!file.ok()) return file.status();
  layout->file_ = *std::move(file);
  return layout;
}

void* CounterLayout::memory(TaskId task) {
  const std::size_t first = first_block_[task];
  return first == kNone ? nullptr : file_->block(first).data();
}

}  // namespace rafale::worker
