// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From news to Lifecycle and Membership.

#include "tests/simulation/cluster/worker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/simulation/cluster/world.h"

namespace rafale::cluster_sim {

using worker::Instances;
using worker::Lifecycle;
using worker::Membership;

Worker::Worker(World& world, Launch launch)
    : world_(world),
      launch_(std::move(launch)),
      life_(world.stage().now()),
      members_({.worker = launch_.id.worker,
                .instance = launch_.id.instance,
                .host = supervisor_id(launch_.machine),
                .supervisor = supervisor_id(launch_.machine)}),
      leader_guess_(std::make_shared<int>(0)),
      deaf_(world.stage().chance(0.05)) {}

void Worker::start() {
  attach();
  world_.stage().after(*this, world_.stage().between(0, 300), [](Worker& w) { w.beat(); });
  tick();
}

void Worker::tick() {
  look();
  if (!ended()) {
    world_.stage().after(*this, world_.stage().between(250, 350), [](Worker& w) { w.tick(); });
  }
}

// --- the line to the supervisor, and heartbeats

void Worker::attach() {
  if (!attached_) tell();
  if (!ended()) {
    world_.stage().after(*this, world_.stage().between(200, 400), [](Worker& w) { w.attach(); });
  }
}

void Worker::tell() {
  world_.checker().reports(launch_.pid, std::string(life_.state()), life_.spouts_active());
  Machine& machine = world_.machine(launch_.machine);
  if (machine.supervisor == nullptr) return;
  line_free_ = std::max(line_free_, world_.stage().now() + world_.stage().between(0, 5));
  const std::string failure = life_.exit_code() != 0 ? life_.reason() : "";
  world_.stage().after(
      *machine.supervisor, line_free_ - world_.stage().now(),
      [weak = weak_from_this(), token = launch_.token, state = std::string(life_.state()),
       epoch = members_.assignment().epoch, failure](Supervisor& supervisor) {
        const auto self = weak.lock();
        const bool ours = supervisor.said(token, state, epoch, failure);
        if (self == nullptr) return;
        if (!ours) {
          self->hear({.not_yours = true});
        } else if (!std::exchange(self->attached_, true)) {
          supervisor.attach(token, self);
        }
      });
}

void Worker::hear(worker::ClusterNews news) {
  mail_.merge(std::move(news));
  look();
}

void Worker::beat() {
  if (ended()) return;
  nimbus::WorkerBeat beat{.topology = launch_.id.topology,
                          .worker = launch_.id.worker,
                          .instance = launch_.id.instance,
                          .adopted_epoch = members_.assignment().epoch,
                          .state = std::string(life_.state()),
                          .spouts_open = life_.spouts_open(),
                          .pid = launch_.pid,
                          .pending = world_.stage().now() >= quiet_ns_ ? 0u : 3u};
  if (life_.spouts_active()) beat.pending = 5;
  world_.ask_leader<Nimbus::WorkerAnswer>(
      launch_.machine, leader_guess_,
      [beat](Nimbus& nimbus, const Stage::Reply<Nimbus::WorkerAnswer>& reply) {
        reply(nimbus.hear(beat));
      },
      [weak = weak_from_this()](const std::optional<Nimbus::WorkerAnswer>& answer) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        World& world = self->world_;
        world.stage().after(*self, kSecond, [](Worker& w) { w.beat(); });
        if (!answer) return;
        self->answered_ns_ = world.stage().now();
        worker::ClusterNews news;
        if (answer->assignment) news.assignment = for_worker(*answer->assignment);
        news.current = answer->current;
        news.not_yours = answer->not_yours;
        self->hear(std::move(news));
      });
}

// --- links between workers

std::optional<Worker::Welcome> Worker::greet(const Hello& hello) {
  if (hello.topology != launch_.id.topology) return std::nullopt;
  const std::uint32_t known = members_.instance_of(hello.worker);
  if (hello.instance > known || hello.known > launch_.id.instance) {
    hear({.current = {{hello.worker, hello.instance}, {launch_.id.worker, hello.known}}});
  }
  return Welcome{launch_.id.instance, std::max(known, hello.instance), prepared_ && !ended()};
}

void Worker::look_for_peers() {
  if (world_.stage().now() - greeted_ns_ < 300 * kMs) return;
  greeted_ns_ = world_.stage().now();
  for (const worker::AssignedWorker& peer : members_.assignment().workers) {
    if (peer.number == launch_.id.worker) continue;
    const Hello hello{launch_.id.topology, launch_.id.worker, launch_.id.instance,
                      members_.instance_of(peer.number)};
    const int machine = machine_of(peer.supervisor);
    world_.stage().call<Welcome>(
        launch_.machine, machine,
        [&world = world_, machine, port = peer.port, hello](const Stage::Reply<Welcome>& reply) {
          Worker* listener = world.listener(machine, port);
          reply(listener == nullptr ? std::nullopt : listener->greet(hello));
        },
        [weak = weak_from_this(), number = peer.number](const std::optional<Welcome>& welcome) {
          const auto self = weak.lock();
          if (self == nullptr || !welcome) return;
          if (welcome->ready) self->members_.ready(number, welcome->instance);
          self->hear({.current = {{number, welcome->instance},
                                  {self->launch_.id.worker, welcome->known}}});
        });
  }
}

// --- decisions, as ClusterWorker makes them

void Worker::look() {
  if (busy_ || ended()) return;
  worker::ClusterNews news = std::exchange(mail_, {});
  members_.learn(news.current);
  const bool fenced = news.not_yours || members_.fenced_by() != 0;
  if (fenced && world_.mutant() != Mutant::unfenced) {
    perform(life_.give_up(worker::kExitFenced, "a newer instance runs"));
    return;
  }
  if (news.assignment && news.assignment->topology == launch_.id.topology) {
    look_at_assignment(*news.assignment);
  }
  if (news.stop && !deaf_) {
    perform(life_.stop(world_.stage().now(), news.stop_within_ms * kMs, "asked to end"));
  }
  if (stop_asked_ && !deaf_ && !std::exchange(stopping_, true)) {
    perform(life_.stop(world_.stage().now(), 10 * kSecond, "asked to end by a signal"));
  }
  look_at_time();
}

void Worker::look_at_assignment(const worker::TopologyAssignment& assignment) {
  const bool first = members_.assignment().workers.empty();
  const bool older = !first && assignment.epoch <= members_.assignment().epoch;
  if (older && world_.mutant() != Mutant::any_epoch) return;
  const Membership::Fit fit = members_.fit(assignment);
  if (fit == Membership::Fit::ours) {
    members_.adopt(assignment);
    world_.checker().adopted(launch_.pid, assignment.epoch);
    perform(life_.assigned(assignment.spouts_active));
  } else if (world_.mutant() == Mutant::unfenced) {
    return;
  } else if (first) {
    perform(life_.give_up(worker::kExitFenced, "the assignment does not name this worker"));
  } else {
    perform(life_.stop(world_.stage().now(), 5 * kSecond, "no place any more"));
  }
  tell();
}

void Worker::look_at_time() {
  const std::int64_t now = world_.stage().now();
  if (attached_) life_.heard(now);
  life_.heard(answered_ns_);
  perform(life_.tick(now));
  if (life_.phase() == Lifecycle::Phase::connecting) {
    if (members_.ready_peers() == members_.peers().size()) {
      perform(life_.peers_ready());
    } else {
      look_for_peers();
    }
  }
  if (life_.phase() == Lifecycle::Phase::draining && now >= drained_ns_) perform(life_.drained());
}

void Worker::prepare() {
  Stage& stage = world_.stage();
  listens_ = true;
  busy_ = true;
  const bool fails = stage.chance(0.02);
  const std::int64_t takes = stage.chance(0.005) ? 40 * kSecond : stage.between(5, 400);
  stage.after(*this, takes, [fails](Worker& w) {
    w.busy_ = false;
    w.prepared_ = !fails;
    w.perform(w.life_.prepared(fails ? absl::InternalError("prepare() failed") : absl::OkStatus()));
    w.look();
  });
}

void Worker::perform(const Lifecycle::Actions& actions) {
  Stage& stage = world_.stage();
  for (const Lifecycle::Action action : actions) {
    switch (action) {
      case Lifecycle::Action::prepare:
        prepare();
        break;
      case Lifecycle::Action::connect:
        look_for_peers();
        break;
      case Lifecycle::Action::open:
        perform(life_.opened(absl::OkStatus()));
        break;
      case Lifecycle::Action::activate:
        break;
      case Lifecycle::Action::deactivate:
        quiet_ns_ = stage.now() + stage.between(10, 6000);
        break;
      case Lifecycle::Action::drain:
        drained_ns_ = stage.now() + stage.between(5, 4000);
        break;
      case Lifecycle::Action::close:
        tell();
        stage.after(*this, stage.between(1, 50), [](Worker& w) {
          w.world_.end_process(w.launch_.machine, w.launch_.pid,
                               absl::StrCat("exit code ", w.life_.exit_code()));
        });
        return;
    }
    tell();
  }
}

}  // namespace rafale::cluster_sim
