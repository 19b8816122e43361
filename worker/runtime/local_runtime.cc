// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Start, stop and observation of a topology in this process.
#include "worker/runtime/local_runtime.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/random.h"
#include "worker/executor/alarm_thread.h"
#include "worker/executor/pool.h"
#include "worker/runtime/assembly.h"
#include "worker/runtime/dead_letter_directory.h"
#include "worker/runtime/dead_letter_file.h"
#include "worker/runtime/snapshots.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kPoll{2};
// For the last calls to user code, when the time to drain is used up.
constexpr milliseconds kCloseGrace{2000};

std::string dead_letter_dir(const Topology& topology, const LocalOptions& options) {
  return options.dead_letter_dir.empty() ? dead_letter_directory(topology)
                                         : options.dead_letter_dir;
}

unsigned pool_size(const Topology& topology, const LocalOptions& options) {
  const auto configured = topology.config.get<std::int64_t>("topology.worker.threads", 0);
  const unsigned asked = options.threads != 0 ? options.threads : static_cast<unsigned>(configured);
  return std::max(1u, asked != 0 ? asked : std::thread::hardware_concurrency());
}

/// Collects what goes wrong in several executors at once.
class Failures {
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

class LocalRuntimeImpl {
 public:
  LocalRuntimeImpl(Topology topology, const LocalOptions& options)
      : topology_(std::move(topology)),
        settings_(topology_.config),
        plan_(topology_, settings_.fuse),
        errors_(options.on_error),
        dead_letters_(dead_letter_dir(topology_, options),
                      topology_.config.get<std::string>("sink.sync", "none") != "none", clock_),
        started_ns_(clock_.now_ns()),
        view_{.topology = &topology_,
              .plan = &plan_,
              .dead_letters = &dead_letters_,
              .clock = &alarms_,
              .stats = [this] { return totals(assembly_->tasks(), uptime_ns()); }},
        pool_(pool_size(topology_, options),
              [this](const std::string& component) { note_slow(component); }),
        alarms_(clock_, [this](std::int64_t now) { pool_.watch(now); }),
        assembly_(std::make_unique<Assembly>(Assembly::Parts{.topology = topology_,
                                                             .plan = plan_,
                                                             .settings = settings_,
                                                             .view = view_,
                                                             .pool = pool_,
                                                             .alarms = alarms_,
                                                             .errors = errors_,
                                                             .dead_letters = dead_letters_,
                                                             .seed = common::random_seed()})) {}

  ~LocalRuntimeImpl() {
    alarms_.stop();
    pool_.stop();
    assembly_->stop_dedicated_threads();
  }

  absl::Status open() {
    Failures failures;
    // Bolts first: no tuple comes before every bolt is prepared.
    on_each_task([&](AssembledTask& task) {
      if (task.bolt != nullptr) {
        guarded(failures, task, "prepare()", [&] { task.bolt->prepare(*task.context); });
      }
    });
    if (failures.status().ok()) {
      on_each_task([&](AssembledTask& task) {
        if (task.spout != nullptr) {
          guarded(failures, task, "open()", [&] { task.spout->open(*task.context); });
        }
      });
    }
    if (failures.status().ok()) {
      activate();
    } else {
      close_all(kCloseGrace);
    }
    return failures.status();
  }

  bool wait_until_done(milliseconds at_most) {
    const auto end = clock_.now() + at_most;
    while (!done()) {
      if (clock_.now() >= end) {
        return false;
      }
      std::this_thread::sleep_for(kPoll);
    }
    return true;
  }

  bool stop(milliseconds at_most) {
    const auto end = clock_.now() + at_most;
    for (SpoutExecutor* executor : assembly_->spout_executors()) {
      executor->post([executor] { executor->begin_drain(); });
    }
    const bool drained = wait_until_done(at_most);
    const auto left = std::chrono::duration_cast<milliseconds>(end - clock_.now());
    return close_all(std::max(left, kCloseGrace)) && drained;
  }

  /// User code has not returned from a call; its thread cannot be joined.
  bool stuck() const { return stuck_; }

  void activate() { set_active(true); }
  void deactivate() { set_active(false); }

  Snapshot snapshot() const {
    return take_snapshot(plan_, assembly_->tasks(), errors_, uptime_ns());
  }

 private:
  std::int64_t uptime_ns() const { return clock_.now_ns() - started_ns_; }

  void note_slow(const std::string& component) {
    errors_.note(component,
                 "ran for more than 100 ms in one go; if it has to wait for something, declare it "
                 "blocking()",
                 clock_.now_ns());
  }

  void set_active(bool active) {
    for (SpoutExecutor* executor : assembly_->spout_executors()) {
      executor->post([executor, active] { executor->set_active(active); });
    }
  }

  template <class F>
  static void guarded(Failures& failures, AssembledTask& task, const char* what, F call) {
    try {
      call();
      task.ready = true;
    } catch (const std::exception& e) {
      failures.add(*task.def, what, e.what());
    } catch (...) {
      failures.add(*task.def, what, "it threw something that is no std::exception");
    }
  }

  /// Calls `work` for each task on its executor's thread and waits for all.
  template <class F>
  void on_each_task(F work) {
    auto& tasks = assembly_->tasks();
    std::latch left(static_cast<std::ptrdiff_t>(tasks.size()) - 1);
    for (std::size_t i = 1; i < tasks.size(); ++i) {
      tasks[i].executor->post([&, i] {
        work(tasks[i]);
        left.count_down();
      });
    }
    left.wait();
  }

  /// The last calls to user code. False if some executor has not come to it in time.
  bool close_all(milliseconds at_most) {
    auto& tasks = assembly_->tasks();
    const auto open = std::make_shared<std::atomic<std::size_t>>(tasks.size() - 1);
    for (std::size_t i = 1; i < tasks.size(); ++i) {
      tasks[i].executor->post([&task = tasks[i], open] {
        close(task);
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

  static void close(AssembledTask& task) {
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

  bool done() const {
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
  bool all_quiet() const {
    return std::ranges::all_of(assembly_->executors(), [](const auto& e) { return e->quiet(); });
  }
  std::uint64_t slices() const {
    std::uint64_t sum = 0;
    for (const auto& executor : assembly_->executors()) {
      sum += executor->slices();
    }
    return sum;
  }

  common::SystemClock clock_;
  Topology topology_;
  RuntimeSettings settings_;
  Plan plan_;
  ErrorBook errors_;
  DeadLetterFile dead_letters_;
  std::int64_t started_ns_;
  RuntimeView view_;
  Pool pool_;
  AlarmThread alarms_;
  std::unique_ptr<Assembly> assembly_;
  bool stuck_ = false;
};

/// Owns the runtime, and lets go of it when a thread of it hangs in user code: better some memory
/// lost at the end of the process than a process that does not end.
class RuntimeHandle final : public LocalRuntime {
 public:
  explicit RuntimeHandle(std::unique_ptr<LocalRuntimeImpl> runtime)
      : runtime_(std::move(runtime)) {}
  ~RuntimeHandle() override {
    if (runtime_->stuck()) {
      static_cast<void>(runtime_.release());
    }
  }
  bool wait_until_done(milliseconds at_most) override { return runtime_->wait_until_done(at_most); }
  bool stop(milliseconds at_most) override { return runtime_->stop(at_most); }
  void activate() override { runtime_->activate(); }
  void deactivate() override { runtime_->deactivate(); }
  Snapshot snapshot() const override { return runtime_->snapshot(); }

 private:
  std::unique_ptr<LocalRuntimeImpl> runtime_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LocalRuntime>> LocalRuntime::start(Topology topology,
                                                                  LocalOptions options) {
  std::unique_ptr<LocalRuntimeImpl> runtime;
  try {
    runtime = std::make_unique<LocalRuntimeImpl>(std::move(topology), options);
  } catch (const std::exception& e) {  // a setting of a wrong type, or a factory that throws
    return absl::InvalidArgumentError(e.what());
  }
  absl::Status opened = runtime->open();
  auto handle = std::make_unique<RuntimeHandle>(std::move(runtime));
  if (!opened.ok()) {
    return opened;
  }
  return handle;
}

}  // namespace rafale::worker
