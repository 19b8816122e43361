// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The steps of a worker's life.

#include "worker/cluster/cluster_worker.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <utility>

#include <spdlog/logger.h>

#include "common/log.h"
#include "worker/transport/transport_options.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kTick{100};
constexpr std::int64_t kLeaseNs = 10'000'000'000;
constexpr std::size_t kMostErrors = 100;
constexpr milliseconds kCloseGrace{2000};

std::shared_ptr<spdlog::logger> logger() {
  static const auto logger = common::log::make("worker");
  return logger;
}

}  // namespace

ClusterWorker::ClusterWorker(const Launch& launch, Topology topology)
    : launch_(launch), topology_(std::move(topology)) {
  instances_[launch_.worker] = launch_.instance;
}

ClusterWorker::~ClusterWorker() {
  nimbus_.reset();
  supervisor_.reset();
  shown_runtime_ = nullptr;
  if (transport_ != nullptr) transport_->stop();
  // Batches of the transport's pools lie in inboxes: the executors go first.
  if (runtime_ != nullptr && runtime_->stuck()) static_cast<void>(runtime_.release());
  runtime_.reset();
}

int ClusterWorker::run(const std::atomic<bool>& stop_asked) {
  supervisor_ =
      AttachClient::start(launch_, [this](ClusterNews news) { take_news(std::move(news)); });
  nimbus_ = HeartbeatClient::start(
      launch_, {.pulse = [this] { return pulse(); },
                .runtime = [this] { return shown_runtime_.load(); },
                .errors =
                    [this] {
                      const std::lock_guard lock(mutex_);
                      return std::exchange(errors_, {});
                    },
                .news = [this](ClusterNews news) { take_news(std::move(news)); }});
  std::int64_t renewed = clock_.now_ns();
  bool lapsed = false;
  for (;;) {
    wait_for_mail();
    if (stop_asked.load()) {
      stop_gracefully(10'000);
      return 0;
    }
    std::vector<ClusterNews> news;
    std::map<std::uint32_t, std::uint32_t> heard;
    std::uint32_t fenced_by = 0;
    {
      const std::lock_guard lock(mutex_);
      news = std::exchange(news_, {});
      heard = std::exchange(heard_instances_, {});
      fenced_by = fenced_by_;
      peers_changed_ = false;
    }
    if (fenced_by > launch_.instance) {
      fail("a newer instance of this worker runs; ending", kExitFenced);
      return exit_code_;
    }
    learn_instances({heard.begin(), heard.end()});
    for (const ClusterNews& item : news) {
      if (!handle(item)) return exit_code_;
    }
    if (phase_ == Phase::starting && !open_if_all_are_ready()) return exit_code_;
    // Either of the two renews our lease. Cut off from both, we emit nothing that a successor
    // might emit too; what is under way goes on.
    if (supervisor_->attached()) renewed = clock_.now_ns();
    renewed = std::max(renewed, nimbus_->answered_ns());
    const bool lapses = clock_.now_ns() - renewed > kLeaseNs;
    if (lapses != lapsed && runtime_ != nullptr) {
      lapsed = lapses;
      logger()->warn(lapses ? "neither supervisor nor Nimbus answers: spouts pause"
                            : "supervisor or Nimbus answers again: spouts go on");
      if (spouts_open_) runtime_->set_active(!lapses && assignment_.spouts_active);
    }
    send_floors();
  }
}

void ClusterWorker::take_news(ClusterNews news) {
  {
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
  }
  mail_.notify_all();
}

void ClusterWorker::wait_for_mail() {
  std::unique_lock lock(mutex_);
  mail_.wait_for(lock, kTick, [this] {
    return !news_.empty() || !heard_instances_.empty() || fenced_by_ != 0 || peers_changed_;
  });
}

bool ClusterWorker::handle(const ClusterNews& news) {
  if (!news.nimbuses.empty()) nimbus_->use_nimbuses(news.nimbuses);
  bool sockets_changed = false;
  for (const auto& [id, dir] : news.socket_dirs) {
    sockets_changed |= std::exchange(socket_dirs_[id], dir) != dir;
  }
  if (news.not_yours) return fail("Nimbus gave this worker to another; ending", kExitFenced);
  if (news.stop) {
    stop_gracefully(news.stop_within_ms);
    return false;
  }
  if (news.assignment && news.assignment->topology == launch_.topology) {
    if (phase_ == Phase::waiting) {
      if (!start_with(*news.assignment)) return false;
    } else if (news.assignment->epoch > assignment_.epoch && !adopt(*news.assignment)) {
      return false;
    }
  }
  learn_instances(news.current);
  if (sockets_changed && phase_ != Phase::waiting) set_peers();
  return true;
}

// --- start

bool ClusterWorker::is_still_ours(const TopologyAssignment& assignment) const {
  const AssignedWorker* own = assignment.worker(launch_.worker);
  // A placement has 1024 instances; see docs/design/0004-cluster.md.
  return own != nullptr && own->supervisor == launch_.supervisor &&
         own->instance_base <= launch_.instance && launch_.instance < own->instance_base + 1024;
}

std::unique_ptr<Placement> ClusterWorker::place(const Plan& plan) const {
  auto placement = std::make_unique<Placement>(plan, launch_.worker, launch_.instance);
  for (const AssignedWorker& worker : assignment_.workers) {
    for (const AssignedExecutor& executor : worker.executors) {
      const std::size_t component = plan.index(executor.component);
      const TaskId first = plan.components().at(component).first_task;
      placement->place(plan, component,
                       {executor.first_task - first, executor.last_task - first + 1}, worker.number,
                       instance_of(worker));
    }
  }
  return placement;
}

bool ClusterWorker::start_with(const TopologyAssignment& assignment) {
  if (!is_still_ours(assignment)) {
    return fail("the assignment does not name this worker; ending", kExitFenced);
  }
  assignment_ = assignment;
  own_executors_ = assignment.worker(launch_.worker)->executors;
  try {
    plan_ = std::make_unique<Plan>(topology_, topology_.config.get<bool>("topology.fuse", true));
    Transport::Options options;
    options.topology = launch_.topology;
    options.worker = launch_.worker;
    options.instance = launch_.instance;
    options.bind = launch_.bind;
    options.port = launch_.port;
    options.unix_socket = launch_.unix_socket;
    options.security = {launch_.tls_ca, launch_.tls_cert, launch_.tls_key, launch_.insecure};
    options.tasks = plan_->task_count();
    options.workers = static_cast<std::uint32_t>(assignment.workers.size());
    options.receive_memory = static_cast<std::size_t>(
        topology_.config.get<std::int64_t>("worker.receive.memory", 256 << 20));
    options.failure_text = [this](std::uint32_t number) { return runtime_->errors().text(number); };
    options.note_failure = [this](TaskId task, std::string_view text) {
      return runtime_->errors().note(std::string(plan_->component_of(task)), text, clock_.now_ns());
    };
    auto transport = Transport::start(options, *this);
    if (!transport.ok()) return fail(std::string(transport.status().message()), kExitFailed);
    transport_ = *std::move(transport);
    ways_ = std::make_unique<ClusterWays>(*transport_, plan_->task_count());
    TopologyRuntime::Options runtime;
    runtime.dead_letter_dir = launch_.dead_letter_dir;
    runtime.on_error = [this](const std::string& component, const std::string& text) {
      note_error(component, text);
    };
    runtime.place = [this](const Plan& plan) { return place(plan); };
    runtime.make_exchange = [this](Executor& from, const std::vector<Executor*>& by_task) {
      return std::make_unique<ClusterExchange>(from, by_task, *ways_);
    };
    if (!launch_.counter_file.empty()) {
      runtime.place_counters = [this](const Topology&, const Plan& plan,
                                      const Placement& placement) {
        auto layout = CounterLayout::create(launch_.counter_file, plan, placement);
        if (!layout.ok()) throw std::runtime_error(std::string(layout.status().message()));
        counters_ = *std::move(layout);
        return [this](TaskId task) { return counters_->memory(task); };
      };
    }
    runtime_ = std::make_unique<TopologyRuntime>(topology_, runtime);
  } catch (const std::exception& e) {
    return fail(e.what(), kExitFailed);
  }
  ways_->placement = &runtime_->placement();
  shown_runtime_ = runtime_.get();
  say();
  const absl::Status prepared = runtime_->prepare();
  if (!prepared.ok()) return fail(std::string(prepared.message()), kExitFailed);
  phase_ = Phase::starting;
  set_peers();
  transport_->ready();
  return true;
}

bool ClusterWorker::open_if_all_are_ready() {
  std::uint32_t peers = 0;
  std::uint32_t ready = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const AssignedWorker& worker : assignment_.workers) {
      if (worker.number == launch_.worker) continue;
      ++peers;
      if (ready_peers_.contains({worker.number, instance_of(worker)})) ++ready;
    }
    pulse_.peers = peers;
    pulse_.ready_peers = ready;
  }
  if (ready < peers) return true;
  const absl::Status opened = runtime_->open();
  if (!opened.ok()) return fail(std::string(opened.message()), kExitFailed);
  phase_ = Phase::running;
  spouts_open_ = true;
  runtime_->set_active(assignment_.spouts_active);
  logger()->info("running: worker {} instance {} of {}", launch_.worker, launch_.instance,
                 launch_.topology);
  say();
  nimbus_->beat_now();
  return true;
}

// --- from assignment to assignment

bool ClusterWorker::adopt(const TopologyAssignment& assignment) {
  const AssignedWorker* own = assignment.worker(launch_.worker);
  if (!is_still_ours(assignment) || own->executors != own_executors_) {
    logger()->info("epoch {} has other tasks for this worker: making room", assignment.epoch);
    stop_gracefully(5000);
    return false;
  }
  const bool was_active = assignment_.spouts_active;
  assignment_ = assignment;
  // Losses first, then lanes, then the address book: nothing goes to an old instance afterwards.
  std::map<std::uint32_t, std::uint32_t> lost;
  Placement& placement = runtime_->placement();
  for (const AssignedWorker& worker : assignment.workers) {
    const std::uint32_t instance = instance_of(worker);
    std::uint32_t& known = instances_[worker.number];
    if (known != 0 && known < instance) lost[worker.number] = instance - 1;
    known = std::max(known, instance);
    for (const AssignedExecutor& executor : worker.executors) {
      const std::size_t component = plan_->index(executor.component);
      if (worker.number == launch_.worker) continue;
      const TaskId first = plan_->components().at(component).first_task;
      placement.place(*plan_, component,
                      {executor.first_task - first, executor.last_task - first + 1}, worker.number,
                      instance);
    }
  }
  set_peers();
  lose_and_rebind(lost);
  if (spouts_open_ && was_active != assignment.spouts_active) {
    runtime_->set_active(assignment.spouts_active);
  }
  say();
  nimbus_->beat_now();
  return true;
}

void ClusterWorker::learn_instances(
    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& current) {
  std::map<std::uint32_t, std::uint32_t> lost;
  for (const auto& [worker, instance] : current) {
    if (worker == launch_.worker) {
      if (instance > launch_.instance) {
        const std::lock_guard lock(mutex_);
        fenced_by_ = std::max(fenced_by_, instance);
        peers_changed_ = true;
      }
      continue;
    }
    std::uint32_t& known = instances_[worker];
    if (instance <= known) continue;
    known = instance;
    lost[worker] = instance - 1;
    if (runtime_ != nullptr) runtime_->placement().renew(worker, instance);
  }
  if (lost.empty() || runtime_ == nullptr) return;
  set_peers();
  lose_and_rebind(lost);
}

/// On each executor's thread, all at once: losses and then the new ways, before any callback runs.
void ClusterWorker::lose_and_rebind(const std::map<std::uint32_t, std::uint32_t>& lost) {
  const auto ways =
      std::make_shared<const std::vector<Destination>>(runtime_->placement().destinations());
  std::map<Executor*, std::vector<AssembledTask*>> by_executor;
  for (AssembledTask& task : runtime_->assembly().tasks()) {
    if (task.output != nullptr) by_executor[task.executor].push_back(&task);
  }
  for (const auto& [executor, tasks] : by_executor) {
    executor->post([tasks = tasks, lost, ways] {
      for (AssembledTask* task : tasks) {
        if (task->spout == nullptr) continue;
        for (const auto& [worker, instance] : lost) {
          task->spout->tracker().peer_lost(worker, instance);
        }
      }
      for (AssembledTask* task : tasks) task->output->rebind(*ways);
    });
  }
}

std::uint32_t ClusterWorker::instance_of(const AssignedWorker& worker) const {
  const auto known = instances_.find(worker.number);
  return std::max(worker.instance_base, known == instances_.end() ? 0 : known->second);
}

std::string ClusterWorker::address_of(const AssignedWorker& worker) const {
  const auto dir = socket_dirs_.find(worker.supervisor);
  if (worker.host == launch_.host && dir != socket_dirs_.end() && !dir->second.empty()) {
    const std::string socket = dir->second + "/" + std::to_string(worker.port) + ".sock";
    return "unix:" + socket;
  }
  return worker.host + ":" + std::to_string(worker.port);
}

void ClusterWorker::set_peers() {
  std::vector<Peer> peers;
  peers.reserve(assignment_.workers.size());
  for (const AssignedWorker& worker : assignment_.workers) {
    if (worker.number == launch_.worker) continue;
    peers.push_back({worker.number, instance_of(worker), address_of(worker)});
  }
  transport_->set_peers(assignment_.epoch, peers);
}

void ClusterWorker::send_floors() {
  if (phase_ != Phase::running) return;
  for (const AssembledTask& task : runtime_->assembly().tasks()) {
    if (task.spout == nullptr) continue;
    const SpoutRef& self = task.spout->tracker().self();
    const std::uint64_t floor = runtime_->assembly().floors().floor(self);
    if (std::exchange(sent_floors_[self.task], floor) != floor) {
      transport_->send_floor(self, floor);
    }
  }
}

// --- end

bool ClusterWorker::fail(const std::string& text, int exit_code) {
  logger()->error("{}", text);
  if (supervisor_ != nullptr) {
    supervisor_->say({.state = "failed", .adopted_epoch = assignment_.epoch, .failure = text});
  }
  exit_code_ = exit_code;
  if (runtime_ != nullptr) runtime_->close(kCloseGrace);
  return false;
}

void ClusterWorker::stop_gracefully(std::uint32_t within_ms) {
  if (runtime_ == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    pulse_.state = "draining";
  }
  supervisor_->say({.state = "draining", .adopted_epoch = assignment_.epoch, .failure = ""});
  const auto end = clock_.now() + milliseconds(within_ms);
  runtime_->begin_drain();
  // Acks of ours must reach the others before we go.
  while (clock_.now() < end && !(runtime_->wait_until_done(kTick) && transport_->drained())) {
  }
  runtime_->close(kCloseGrace);
  nimbus_->beat_now();
  logger()->info("ended gracefully");
}

// --- what others see

void ClusterWorker::say() {
  const char* state = phase_ == Phase::running ? "running" : "starting";
  {
    const std::lock_guard lock(mutex_);
    pulse_.state = state;
    pulse_.adopted_epoch = assignment_.epoch;
    pulse_.spouts_open = spouts_open_ && assignment_.spouts_active;
  }
  supervisor_->say({.state = state, .adopted_epoch = assignment_.epoch, .failure = ""});
}

Pulse ClusterWorker::pulse() const {
  const std::lock_guard lock(mutex_);
  return pulse_;
}

void ClusterWorker::note_error(const std::string& component, const std::string& text) {
  common::log::make(component)->error("{}", text);
  const std::lock_guard lock(mutex_);
  if (errors_.size() >= kMostErrors) return;
  errors_.push_back(
      {component, text,
       std::chrono::duration_cast<milliseconds>(clock_.wall_now().time_since_epoch()).count()});
}

// --- events of the transport

void ClusterWorker::on_batch(Batch* batch, std::uint32_t from_worker) {
  Executor* executor = batch->to.task < runtime_->assembly().by_task().size()
                           ? runtime_->assembly().by_task()[batch->to.task]
                           : nullptr;
  if (executor == nullptr) {  // for a task that is not ours: its roots fail by PEER_LOST
    transport_->consumed(from_worker, batch->to.task, batch->bytes);
    batch->release();
    return;
  }
  executor->push(batch);
}

void ClusterWorker::on_records(TaskId spout_task, RecordBlock* block) {
  Executor* executor = spout_task < runtime_->assembly().by_task().size()
                           ? runtime_->assembly().by_task()[spout_task]
                           : nullptr;
  if (executor == nullptr) {
    block->home->give_back(block);
    return;
  }
  executor->push(block);
}

void ClusterWorker::on_floor(const SpoutRef& spout, std::uint64_t floor) {
  if (spout.task > plan_->task_count() || runtime_->placement().is_own(spout.task)) return;
  FloorBoard& board = runtime_->assembly().floors();
  if (board.floor(spout) == 0) board.start(spout);
  board.raise(spout, floor);
}

void ClusterWorker::on_peer_ready(std::uint32_t worker, std::uint32_t instance) {
  {
    const std::lock_guard lock(mutex_);
    ready_peers_.insert({worker, instance});
    peers_changed_ = true;
  }
  mail_.notify_all();
}

void ClusterWorker::on_peer_down(std::uint32_t worker, std::uint32_t instance) {
  const std::lock_guard lock(mutex_);
  ready_peers_.erase({worker, instance});
}

void ClusterWorker::on_instance(std::uint32_t worker, std::uint32_t instance) {
  {
    const std::lock_guard lock(mutex_);
    heard_instances_[worker] = std::max(heard_instances_[worker], instance);
  }
  mail_.notify_all();
}

void ClusterWorker::on_fenced(std::uint32_t own_instance_seen) {
  {
    const std::lock_guard lock(mutex_);
    fenced_by_ = std::max(fenced_by_, own_instance_seen);
  }
  mail_.notify_all();
}

void ClusterWorker::on_room(TaskId task) { ways_->receivers[task].wake(); }

}  // namespace rafale::worker
