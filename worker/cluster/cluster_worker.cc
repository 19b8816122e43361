// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From events to Lifecycle and Membership, and from their answers to deeds.

#include "worker/cluster/cluster_worker.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include <spdlog/logger.h>

#include "common/log.h"
#include "worker/transport/transport_options.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kTick{100};
constexpr milliseconds kDrainTick{5};
constexpr milliseconds kLastWordTime{1000};
constexpr milliseconds kCloseGrace{2000};
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kStopWithinNs = 10'000 * kNsPerMs;     // when nobody says how long
constexpr std::int64_t kMakeRoomWithinNs = 5'000 * kNsPerMs;  // for our successor
constexpr std::size_t kMostErrors = 100;

std::shared_ptr<spdlog::logger> logger() {
  static const auto logger = common::log::make("worker");
  return logger;
}

}  // namespace

ClusterWorker::ClusterWorker(const Launch& launch, Topology topology)
    : launch_(launch),
      topology_(std::move(topology)),
      life_(clock_.now_ns()),
      members_({.worker = launch_.worker,
                .instance = launch_.instance,
                .host = launch_.host,
                .supervisor = launch_.supervisor}) {}

ClusterWorker::~ClusterWorker() {
  nimbus_.reset();
  supervisor_.reset();
  if (transport_ != nullptr) transport_->stop();
  // Batches of the transport's pools lie in inboxes: the executors go first.
  if (runtime_ != nullptr && stuck_) {
    runtime_->abandon();
    static_cast<void>(transport_.release());
  }
  runtime_.reset();
}

int ClusterWorker::run(const std::atomic<bool>& stop_asked) {
  supervisor_ = AttachClient::start(launch_, [this](ClusterNews news) {
    post([&](Mail& mail) { mail.news.merge(std::move(news)); });
  });
  nimbus_ = HeartbeatClient::start(
      launch_, {.pulse = [this] { return pulse(); },
                .runtime = [this] { return shown_runtime_.load(); },
                .errors =
                    [this] {
                      const std::lock_guard lock(mutex_);
                      return std::exchange(errors_, {});
                    },
                .news =
                    [this](ClusterNews news) {
                      post([&](Mail& mail) { mail.news.merge(std::move(news)); });
                    }});
  bool stopping = false;
  while (life_.phase() != Lifecycle::Phase::ended) {
    look_at(wait_for_mail());
    if (stop_asked.load() && !std::exchange(stopping, true)) {
      perform(life_.stop(clock_.now_ns(), kStopWithinNs, "asked to end by a signal"));
    }
    look_at_time();
  }
  return life_.exit_code();
}

template <class F>
void ClusterWorker::post(F add) {
  {
    const std::lock_guard lock(mutex_);
    add(mail_);
    mail_.any = true;
  }
  mail_came_.notify_all();
}

ClusterWorker::Mail ClusterWorker::wait_for_mail() {
  const bool draining = life_.phase() == Lifecycle::Phase::draining;
  std::unique_lock lock(mutex_);
  mail_came_.wait_for(lock, draining ? kDrainTick : kTick, [this] { return mail_.any; });
  return std::exchange(mail_, {});
}

void ClusterWorker::look_at(Mail mail) {
  for (const auto& [peer, ready] : mail.peers) {
    const auto& [worker, instance] = peer;
    ready ? members_.ready(worker, instance) : members_.down(worker, instance);
  }
  ClusterNews& news = mail.news;
  if (!news.nimbuses.empty()) nimbus_->use_nimbuses(news.nimbuses);
  if (members_.learn_sockets(news.socket_dirs) && runtime_ != nullptr) {
    transport_->set_peers(members_.assignment().epoch, members_.peers());
  }
  if (const Instances lost = members_.learn(news.current); !lost.empty()) follow(lost);
  if (news.not_yours || members_.fenced_by() != 0) {
    perform(life_.give_up(kExitFenced, members_.fenced_by() != 0
                                           ? "instance " + std::to_string(members_.fenced_by()) +
                                                 " of this worker runs; this is " +
                                                 std::to_string(launch_.instance)
                                           : "another process has this worker's place"));
    return;
  }
  if (news.assignment && news.assignment->topology == launch_.topology) {
    look_at_assignment(*news.assignment);
  }
  if (news.stop) {
    perform(life_.stop(clock_.now_ns(), news.stop_within_ms * kNsPerMs,
                       "asked to end by the supervisor"));
  }
}

void ClusterWorker::look_at_assignment(const TopologyAssignment& assignment) {
  const bool first = members_.assignment().workers.empty();
  if (!first && assignment.epoch <= members_.assignment().epoch) return;
  switch (members_.fit(assignment)) {
    case Membership::Fit::ours: {
      const Instances lost = members_.adopt(assignment);
      if (!first) follow(lost);
      perform(life_.assigned(assignment.spouts_active));
      break;
    }
    case Membership::Fit::other_tasks:
      perform(life_.stop(
          clock_.now_ns(), kMakeRoomWithinNs,
          "epoch " + std::to_string(assignment.epoch) + " has other tasks for this worker"));
      break;
    case Membership::Fit::elsewhere:
      if (first) {
        perform(life_.give_up(kExitFenced, "the assignment does not name this worker"));
      } else {
        perform(life_.stop(
            clock_.now_ns(), kMakeRoomWithinNs,
            "epoch " + std::to_string(assignment.epoch) + " has no place for this worker here"));
      }
      break;
  }
  tell();
}

void ClusterWorker::look_at_time() {
  if (supervisor_->attached()) life_.heard(clock_.now_ns());
  life_.heard(nimbus_->answered_ns());
  const bool lapsed = life_.lapsed();
  perform(life_.tick(clock_.now_ns()));
  if (life_.lapsed() != lapsed) {
    logger()->warn(lapsed ? "supervisor or Nimbus answers again: spouts go on"
                          : "neither supervisor nor Nimbus answers: spouts pause");
  }
  if (life_.phase() == Lifecycle::Phase::connecting) {
    const auto peers = static_cast<std::uint32_t>(members_.peers().size());
    const std::uint32_t ready = members_.ready_peers();
    {
      const std::lock_guard lock(mutex_);
      pulse_.peers = peers;
      pulse_.ready_peers = ready;
    }
    if (ready == peers) perform(life_.peers_ready());
  }
  if (life_.phase() == Lifecycle::Phase::draining && runtime_->done()) perform(life_.drained());
  if (runtime_ != nullptr && life_.phase() != Lifecycle::Phase::ended) runtime_->send_floors();
}

/// The new peers first, so that nothing for them is dropped, then losses and lanes.
void ClusterWorker::follow(const Instances& lost) {
  if (runtime_ == nullptr) return;
  for (const auto& [worker, instance] : lost) {
    logger()->info("worker {}: instances up to {} are gone", worker, instance);
  }
  transport_->set_peers(members_.assignment().epoch, members_.peers());
  try {
    runtime_->follow(members_, lost);
  } catch (const std::exception& e) {
    perform(life_.give_up(kExitFailed, e.what()));
  }
}

// --- deeds

void ClusterWorker::perform(const Lifecycle::Actions& actions) {
  for (const Lifecycle::Action action : actions) {
    switch (action) {
      case Lifecycle::Action::prepare:
        tell();
        perform(life_.prepared(prepare()));
        break;
      case Lifecycle::Action::connect:
        transport_->set_peers(members_.assignment().epoch, members_.peers());
        transport_->ready();
        break;
      case Lifecycle::Action::open:
        perform(life_.opened(runtime_->tasks().open()));
        if (life_.spouts_open()) {
          logger()->info("running: worker {} instance {} of {}", launch_.worker, launch_.instance,
                         launch_.topology);
        }
        break;
      case Lifecycle::Action::activate:
        runtime_->tasks().set_active(true);
        break;
      case Lifecycle::Action::deactivate:
        runtime_->tasks().set_active(false);
        break;
      case Lifecycle::Action::drain:
        logger()->info("draining: {}", life_.reason());
        runtime_->tasks().begin_drain();
        break;
      case Lifecycle::Action::close:
        close();
        return;
    }
    tell();
  }
}

absl::Status ClusterWorker::start_transport() {
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
  options.workers = static_cast<std::uint32_t>(members_.assignment().workers.size());
  options.receive_memory = static_cast<std::size_t>(
      topology_.config.get<std::int64_t>("worker.receive.memory", 256 << 20));
  // Nothing comes in before ready(), so there is a runtime when these are called.
  options.failure_text = [this](std::uint32_t number) {
    return runtime_->tasks().errors().text(number);
  };
  options.note_failure = [this](TaskId, std::string_view text) {
    return runtime_->tasks().errors().remember(text);
  };
  auto transport = Transport::start(options, *this);
  if (!transport.ok()) return transport.status();
  transport_ = *std::move(transport);
  return absl::OkStatus();
}

absl::Status ClusterWorker::prepare() {
  try {
    if (absl::Status status = start_transport(); !status.ok()) return status;
    ClusterRuntime::Options options;
    options.worker = launch_.worker;
    options.instance = launch_.instance;
    options.dead_letter_dir = launch_.dead_letter_dir;
    options.counter_file = launch_.counter_file;
    options.on_error = [this](const std::string& component, const std::string& text) {
      note_error(component, text);
    };
    runtime_ = std::make_unique<ClusterRuntime>(topology_, options, members_, *transport_);
  } catch (const std::exception& e) {  // a setting of a wrong type, or a factory that throws
    return absl::InvalidArgumentError(e.what());
  }
  shown_runtime_ = &runtime_->tasks();
  return runtime_->tasks().prepare();
}

void ClusterWorker::close() {
  const bool failed = life_.exit_code() != 0;
  logger()->log(failed ? spdlog::level::err : spdlog::level::info, "ending: {}", life_.reason());
  if (runtime_ != nullptr) stuck_ = !runtime_->tasks().close(kCloseGrace);
  supervisor_->finish({.state = std::string(life_.state()),
                       .adopted_epoch = members_.assignment().epoch,
                       .failure = failed ? life_.reason() : ""},
                      kLastWordTime);
}

// --- what others see

void ClusterWorker::tell() {
  const WorkerWord word{.state = std::string(life_.state()),
                        .adopted_epoch = members_.assignment().epoch,
                        .failure = ""};
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = pulse_.state != word.state || pulse_.adopted_epoch != word.adopted_epoch ||
           pulse_.spouts_open != life_.spouts_active();
    pulse_.state = word.state;
    pulse_.adopted_epoch = word.adopted_epoch;
    pulse_.spouts_open = life_.spouts_active();
  }
  if (!news || life_.phase() == Lifecycle::Phase::ended) return;
  supervisor_->say(word);
  nimbus_->beat_now();
}

Pulse ClusterWorker::pulse() const {
  const std::lock_guard lock(mutex_);
  return pulse_;
}

void ClusterWorker::note_error(const std::string& component, const std::string& text) {
  common::log::make(component)->error("{}", text);
  const std::lock_guard lock(mutex_);
  if (errors_.size() >= kMostErrors) return;
  errors_.push_back({component, text, clock_.wall_ms()});
}

// --- events of the transport

void ClusterWorker::on_batch(Batch* batch, std::uint32_t from_worker) {
  runtime_->on_batch(batch, from_worker);
}

void ClusterWorker::on_records(TaskId spout_task, RecordBlock* block) {
  runtime_->on_records(spout_task, block);
}

void ClusterWorker::on_floor(const SpoutRef& spout, std::uint64_t floor) {
  runtime_->on_floor(spout, floor);
}

void ClusterWorker::on_room(TaskId task) { runtime_->on_room(task); }

void ClusterWorker::on_peer_ready(std::uint32_t worker, std::uint32_t instance) {
  post([&](Mail& mail) { mail.peers[{worker, instance}] = true; });
}

void ClusterWorker::on_peer_down(std::uint32_t worker, std::uint32_t instance) {
  post([&](Mail& mail) { mail.peers[{worker, instance}] = false; });
}

void ClusterWorker::on_instance(std::uint32_t worker, std::uint32_t instance) {
  post([&](Mail& mail) { mail.news.merge({.current = {{worker, instance}}}); });
}

void ClusterWorker::on_fenced(std::uint32_t own_instance_seen) {
  post([&](Mail& mail) { mail.news.merge({.current = {{launch_.worker, own_instance_seen}}}); });
}

}  // namespace rafale::worker
