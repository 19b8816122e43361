// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Start, stop and observation of a topology's tasks in this process.
#include "worker/runtime/topology_runtime.h"

#include <algorithm>
#include <latch>
#include <mutex>
#include <thread>
#include <utility>

#include "common/random.h"
#include "worker/executor/local_exchange.h"
#include "worker/runtime/dead_letter_directory.h"
#include "worker/runtime/dead_letter_file.h"
#include "worker/runtime/dead_letter_outlet.h"
#include "worker/runtime/snapshots.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kPoll{2};
// For the last calls to user code, when the time to drain is used up.
constexpr milliseconds kGraceAfterDrain{2000};

std::unique_ptr<DeadLetters> make_dead_letters(const Topology& topology, const std::string& given,
                                               const common::Clock& clock) {
  if (topology.dead_letters.make) return std::make_unique<DeadLetterOutlet>(topology, clock);
  return std::make_unique<DeadLetterFile>(
      topology.name, given.empty() ? dead_letter_directory(topology) : given,
      topology.config.get<std::string>("sink.sync", "none") != "none", clock);
}

unsigned pool_size(const Topology& topology, unsigned given) {
  const auto configured = topology.config.get<std::int64_t>("topology.worker.threads", 0);
  const unsigned asked = given != 0 ? given : static_cast<unsigned>(configured);
  return std::max(1u, asked != 0 ? asked : std::thread::hardware_concurrency());
}

std::unique_ptr<Exchange> make_local_exchange(Executor& from,
                                              const std::vector<Executor*>& by_task) {
  return std::make_unique<LocalExchange>(from, by_task);
}

}  // namespace

/// Collects what goes wrong in several executors at once.
class TopologyRuntime::Failures {
 public:
  void add(const ComponentDef& def, const char* what, const char* text) {
    const std::lock_guard lock(mutex_);
    if (text_.empty()) {
      text_ = def.name + ": " + what + " failed: " + text;
    }
  }
  absl::Status status() const {
    const std::lock_guard lock(mutex_);
    return text_.empty() ? absl::OkStatus() : absl::FailedPreconditionError(text_);
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

TopologyRuntime::TopologyRuntime(Topology topology, const Options& options)
    : topology_(std::move(topology)),
      settings_(topology_.config),
      plan_(topology_, settings_.fuse),
      placement_(options.place ? options.place(plan_) : std::make_unique<Placement>(plan_)),
      errors_(options.on_error),
      dead_letters_(make_dead_letters(topology_, options.dead_letter_dir, clock_)),
      started_ns_(clock_.now_ns()),
      view_{.topology = &topology_,
            .plan = &plan_,
            .dead_letters = dead_letters_.get(),
            .clock = &alarms_,
            .calendar = &clock_,
            .stats = [this] { return totals(assembly_->tasks(), uptime_ns()); }},
      pool_(pool_size(topology_, options.threads),
            [this](const std::string& component) { note_slow(component); }),
      alarms_(clock_, [this](std::int64_t now) { pool_.watch(now); }),
      assembly_(std::make_unique<Assembly>(Assembly::Parts{
          .topology = topology_,
          .plan = plan_,
          .settings = settings_,
          .view = view_,
          .pool = pool_,
          .alarms = alarms_,
          .errors = errors_,
          .dead_letters = *dead_letters_,
          .placement = *placement_,
          .make_exchange = options.make_exchange ? options.make_exchange : make_local_exchange,
          .counter_memory = options.place_counters
                                ? options.place_counters(topology_, plan_, *placement_)
                                : nullptr,
          .seed = common::random_seed()})) {}

TopologyRuntime::~TopologyRuntime() {
  alarms_.stop();
  pool_.stop();
  assembly_->stop_dedicated_threads();
}

absl::Status TopologyRuntime::prepare() {
  Failures failures;
  on_tasks(false, [&](AssembledTask& task) {
    guarded(failures, task, "prepare()", [&] { task.bolt->prepare(*task.context); });
  });
  return failures.status();
}

absl::Status TopologyRuntime::open() {
  Failures failures;
  on_tasks(true, [&](AssembledTask& task) {
    guarded(failures, task, "open()", [&] { task.spout->open(*task.context); });
  });
  return failures.status();
}

void TopologyRuntime::set_active(bool active) {
  for (SpoutExecutor* executor : assembly_->spout_executors()) {
    executor->post([executor, active] { executor->set_active(active); });
  }
}

bool TopologyRuntime::wait_until_done(milliseconds at_most) const {
  const auto end = clock_.now() + at_most;
  while (!done()) {
    if (clock_.now() >= end) {
      return false;
    }
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

void TopologyRuntime::begin_drain() {
  for (SpoutExecutor* executor : assembly_->spout_executors()) {
    executor->post([executor] { executor->begin_drain(); });
  }
}

bool TopologyRuntime::stop(milliseconds at_most) {
  const auto end = clock_.now() + at_most;
  begin_drain();
  const bool drained = wait_until_done(at_most);
  const auto left = std::chrono::duration_cast<milliseconds>(end - clock_.now());
  return close(std::max(left, kGraceAfterDrain)) && drained;
}

Snapshot TopologyRuntime::snapshot() const {
  return take_snapshot(plan_, assembly_->tasks(), errors_, uptime_ns());
}

void TopologyRuntime::note_slow(const std::string& component) {
  // close() and cleanup() may wait: nothing runs behind them.
  if (closing_.load(std::memory_order_relaxed)) return;
  errors_.note(component,
               "ran for more than 100 ms in one go; if it has to wait for something, declare it "
               "blocking()",
               clock_.now_ns());
}

template <class Call>
void TopologyRuntime::guarded(Failures& failures, AssembledTask& task, const char* what,
                              Call call) {
  try {
    call();
    task.ready = true;
  } catch (const std::exception& e) {
    failures.add(*task.def, what, e.what());
  } catch (...) {
    failures.add(*task.def, what, "it threw something that is no std::exception");
  }
}

/// Calls `work` for each spout or bolt of ours on its executor's thread and waits for all. The
/// other kind is not waited for: bolts may have work from other processes before our spouts are
/// open.
template <class Work>
void TopologyRuntime::on_tasks(bool spouts, Work work) {
  std::vector<AssembledTask*> own;
  for (AssembledTask& task : assembly_->tasks()) {
    if (task.output != nullptr && (task.spout != nullptr) == spouts) {
      own.push_back(&task);
    }
  }
  std::latch left(static_cast<std::ptrdiff_t>(own.size()));
  for (AssembledTask* task : own) {
    task->executor->post([&work, &left, task] {
      work(*task);
      left.count_down();
    });
  }
  left.wait();
}

/// The last calls to user code. False if some executor has not come to it in time.
bool TopologyRuntime::close(milliseconds at_most) {
  closing_.store(true, std::memory_order_relaxed);
  const auto open = std::make_shared<std::atomic<std::size_t>>(0);
  for (AssembledTask& task : assembly_->tasks()) {
    if (task.output == nullptr) {
      continue;
    }
    ++*open;
    task.executor->post([&task, open] {
      close_task(task);
      --*open;
    });
  }
  const auto end = clock_.now() + at_most;
  while (*open > 0 && clock_.now() < end) {
    std::this_thread::sleep_for(kPoll);
  }
  stuck_ = *open > 0;
  return !stuck_;
}

void TopologyRuntime::close_task(AssembledTask& task) {
  task.executor->retire();
  task.context->close();
  if (!std::exchange(task.ready, false)) {
    return;
  }
  if (task.spout != nullptr) {
    task.spout->close();
  } else {
    task.bolt->cleanup();
  }
}

bool TopologyRuntime::done() const {
  const auto& spouts = assembly_->spout_executors();
  if (!std::ranges::all_of(spouts, [](const SpoutExecutor* e) { return e->finished(); })) {
    return false;
  }
  // Tuples that nobody follows may still be on their way. An executor that was quiet may have
  // been given work by one looked at later; so all are looked at twice, and none may have run.
  const std::uint64_t before = slices();
  return all_quiet() && all_quiet() && slices() == before &&
         std::ranges::all_of(spouts, [](const SpoutExecutor* e) { return e->finished(); });
}

bool TopologyRuntime::all_quiet() const {
  return std::ranges::all_of(assembly_->executors(), [](const auto& e) { return e->quiet(); });
}

std::uint64_t TopologyRuntime::slices() const {
  std::uint64_t sum = 0;
  for (const auto& executor : assembly_->executors()) {
    sum += executor->slices();
  }
  return sum;
}

}  // namespace rafale::worker
