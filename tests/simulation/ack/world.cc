// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Chance: what happens next in the simulated cluster.
#include "tests/simulation/ack/world.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/ack/executor.h"
#include "tests/simulation/ack/worker.h"

namespace rafale::worker::sim {
namespace {

constexpr std::uint64_t kMostSteps = 100'000;
constexpr std::size_t kTraceLines = 80;

}  // namespace

// --- what a run is like
// -------------------------------------------------------------------------------

Settings::Settings(Random& random, Mutant mutant)
    : max_pending(2 + random.below(8)),
      ring(std::size_t{4} << random.below(3)),
      deaths(static_cast<int>(random.below(4)) - 1),
      fails(random.chance(0.35)),
      forgets(random.chance(0.25)),
      time_passes(random.chance(0.3)),
      flaky(random.chance(0.6)),
      windows(random.chance(0.5)),
      sliding(random.chance(0.5)),
      cycle(random.chance(0.3)),
      direct(random.chance(0.4)),
      bursts(random.chance(0.2)),
      big_rows(random.chance(0.3)),
      congestion(random.chance(0.4)),
      window_rows(4 + random.below(17)) {
  deaths = std::max(deaths, 0);
  constexpr std::array<std::uint32_t, kWorkers> kIds[] = {
      {0, 1, 2}, {5, 69, 133}, {64, 0, 1}, {70, 3, 200}};
  ids = kIds[random.below(4)];
  if (mutant != Mutant::none) {  // what it breaks is there to be used
    direct = false;
    flaky = true;
    windows |= mutant >= Mutant::holds_windows && mutant <= Mutant::releases_overtake;
    sliding |= mutant == Mutant::releases_out_of_turn;
    time_passes |= mutant == Mutant::early_clock;
  }
}

void Statistics::add(const Statistics& o) {
  steps += o.steps, acked += o.acked, failed += o.failed, parked += o.parked;
  overflowed += o.overflowed, doubled += o.doubled, skipped += o.skipped, rows += o.rows;
  fused += o.fused, suspended += o.suspended, misused += o.misused;
  dead_lettered += o.dead_lettered, far_apart += o.far_apart, derived += o.derived;
  joined += o.joined, died += o.died;
}

std::string Statistics::to_string() const {
  std::ostringstream out;
  out << steps << " steps, " << rows << " rows, " << joined << " of several roots, " << derived
      << " derived runs, " << far_apart << " gaps above 255, " << fused << " fused, " << suspended
      << " suspended, " << acked << " acked (" << dead_lettered << " dead-lettered), " << failed
      << " failed, " << parked << " parked, " << overflowed << " overflowed, " << doubled
      << " doubled, " << skipped << " skipped, " << misused << " misused, " << died << " died";
  return out.str();
}

World::World(std::uint64_t seed, Mutant mutant, bool trace)
    : random(seed),
      settings(random, mutant),
      graph(random, settings.windows, settings.cycle),
      oracle({.calm = settings.calm(),
              .timeout_ns = settings.timeout_ns,
              .gone = [this](const Place& place) { return gone(place); },
              .settled = [this] { return settled() ? assignments.size() : 0; },
              .assignments = [this] { return assignments.size(); }}),
      mutant_(mutant),
      tracing_(trace) {
  Assignment& first = assignments.emplace_back();
  for (const TaskId task : graph.heads()) {
    first.place[task] = static_cast<unsigned>(random.below(kWorkers));
    if (graph.of(task).role == Role::spout) {
      for (std::uint64_t n = 3 + random.below(8); n > 0; --n) {
        unacked[task][n] = 0;
      }
    }
  }
  for (unsigned i = 0; i < kWorkers; ++i) {
    workers_[i] = std::make_unique<SimWorker>(*this, i, 1, 0);
  }
}

World::~World() = default;

void World::keep(std::string line) {
  trace_.push_back(std::move(line));
  if (trace_.size() > kTraceLines) {
    trace_.pop_front();
  }
}

// --- what the parts ask
// -------------------------------------------------------------------------------

bool World::gone(const Place& place) const {
  for (unsigned i = 0; i < kWorkers; ++i) {
    const std::uint32_t id = settings.ids[i];
    const std::uint32_t newest = assignments.back().instance[i];
    if (id == place.worker ? place.instance < newest : id % 64 == place.worker % 64 && newest > 1) {
      return true;
    }
  }
  return false;
}

Link& World::link(const Place& from, const Place& to, Channel channel) {
  auto& link = links_[{from, to, channel}];
  if (link == nullptr) {
    link = std::make_unique<Link>(from, to, channel);
    link->deduplicate = !is(Mutant::no_dedup);
    if (is(Mutant::dedup_by_worker)) {
      for (const Link* other : link_list_) {
        if (other->from().worker == from.worker && other->to() == to &&
            other->channel() == channel) {
          link->skip_to(std::max(link->seen(), other->seen()));
        }
      }
    }
    link_list_.push_back(link.get());
  }
  return *link;
}

bool World::exhausted() const {
  for (const TaskId task : graph.heads()) {
    if (graph.of(task).role != Role::spout) {
      continue;
    }
    const auto& at = workers_[assignments.back().place[task]];
    const SimExecutor* executor = at->executor(task);
    if (executor == nullptr || !executor->exhausted()) {
      return false;
    }
  }
  return true;
}

bool World::settled() const {
  return std::ranges::all_of(workers_, [this](const auto& worker) {
    return worker != nullptr && worker->epoch() + 1 == assignments.size();
  });
}

bool World::is_newest(const SimWorker& worker, TaskId task) const {
  const Assignment& newest = assignments.back();
  return newest.place[task] == worker.index() &&
         newest.instance[worker.index()] == worker.me().instance;
}

void World::started(const SpoutRef& spout, const SimWorker& worker) {
  const bool current = is_newest(worker, spout.task);
  if (current) {  // else a zombie's own view
    incarnation[spout.task] = spout.incarnation;
  }
  oracle.started(spout, current);
}

SimWorker* World::instance(const Place& place) {
  for (const auto& worker : workers_) {
    if (worker->me() == place) {
      return worker.get();
    }
  }
  for (const auto& zombie : zombies_) {
    if (zombie->me() == place) {
      return zombie.get();
    }
  }
  return nullptr;
}

// --- events
// -------------------------------------------------------------------------------------------

void World::carry(Link& link) {
  const bool repeat = settings.flaky && random.chance(0.06);
  const std::size_t at = is(Mutant::unordered_links) ? random.below(link.waiting()) : 0;
  if (is(Mutant::unordered_links)) {
    link.deduplicate = false;
  }
  const auto frame = link.take(repeat && !is(Mutant::unordered_links), at);
  if (random.chance(0.4)) {
    link.confirm();
  }
  SimWorker* to = instance(link.to());
  if (frame != nullptr && to != nullptr) {
    to->receive(*frame);
  }
}

void World::tick() {
  now += settings.tick_ns * static_cast<std::int64_t>(1 + random.below(6)) +
         static_cast<std::int64_t>(random.below(100'000));
  for (const auto& worker : workers_) {
    worker->tick();
  }
}

/// The instance dies, or is only believed to; a new one starts with the newest assignment, and the
/// others learn of it in any order.
void World::kill(unsigned worker) {
  --settings.deaths;
  ++statistics.died;
  std::unique_ptr<SimWorker> old = std::move(workers_[worker]);
  const Place place = old->me();
  const bool zombie = random.chance(0.3);
  log("worker ", place.worker, '.', place.instance, zombie ? " becomes a zombie" : " dies");
  if (zombie) {
    zombies_.push_back(std::move(old));
  } else {
    old.reset();
    for (Link* link : link_list_) {
      if (link->to() == place) {
        link->cut(0);
      } else if (link->from() == place) {
        link->cut(random.below(link->waiting() + 1));
      }
    }
  }
  replace(worker, place);
}

void World::replace(unsigned worker, const Place& old) {
  Assignment next = assignments.back();
  ++next.instance[worker];
  if (random.chance(0.5)) {
    for (const TaskId task : graph.heads()) {
      if (next.place[task] == worker) {
        next.place[task] = static_cast<unsigned>(random.below(kWorkers));
      }
    }
  }
  assignments.push_back(next);
  const auto epoch = static_cast<std::uint32_t>(assignments.size() - 1);
  for (unsigned i = 0; i < kWorkers; ++i) {
    if (i == worker) {
      continue;
    }
    for (int n = random.chance(0.3) ? 2 : 1; n > 0; --n) {
      events_.push_back({.kind = Event::lost, .to = i, .worker = worker, .number = old.instance});
    }
    events_.push_back({.kind = Event::adopt, .to = i, .number = epoch});
  }
  workers_[worker] = std::make_unique<SimWorker>(*this, worker, old.instance + 1, epoch);
  changed();
}

void World::happen() {
  const std::size_t at = random.below(events_.size());
  const Event event = events_[at];
  events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(at));
  SimWorker& worker = *workers_[event.to];
  switch (event.kind) {
    case Event::lost:
      worker.hear_lost(event.worker, event.number);
      break;
    case Event::adopt:
      worker.adopt(event.number);
      break;
    case Event::floor:
      worker.hear_floor(event.spout, event.seq);
      break;
  }
}

void World::spread_floor() {
  if (executors_.empty()) {
    return;  // nobody has heard of the newest assignment yet
  }
  SimExecutor* of = executors_[random.below(executors_.size())];
  if (of->tracker() == nullptr) {
    return;
  }
  Tracker& tracker = *of->tracker();
  const std::uint64_t floor = is(Mutant::floor_of_the_head) ? tracker.next() : tracker.floor();
  events_.push_back({.kind = Event::floor,
                     .to = static_cast<unsigned>(random.below(kWorkers)),
                     .spout = tracker.self(),
                     .seq = floor});
}

// --- steps
// --------------------------------------------------------------------------------------------

void World::refresh() {
  if (!changed_) {
    return;
  }
  changed_ = false;
  std::erase_if(zombies_, [](const auto& zombie) { return zombie->retired(); });
  executors_.clear();
  const auto add = [this](const SimWorker& worker) {
    for (const auto& [task, executor] : worker.executors()) {
      executors_.push_back(executor.get());
    }
  };
  for (const auto& worker : workers_) {
    add(*worker);
  }
  for (const auto& zombie : zombies_) {
    add(*zombie);
  }
}

bool World::step() {
  refresh();
  ++statistics.steps;
  const double choice = random.unit();
  if (choice < 0.02 && settings.time_passes) {
    tick();
  } else if (choice < 0.03 && settings.deaths > 0 && statistics.steps > 40) {
    kill(static_cast<unsigned>(random.below(kWorkers)));
  } else if (choice < 0.06 && settings.flaky && !link_list_.empty()) {
    Link& link = *link_list_[random.below(link_list_.size())];
    if (link.from() != link.to() && instance(link.from()) && instance(link.to())) {
      link.reconnect(!is(Mutant::no_resend));
    }
  } else if (choice < 0.12) {
    spread_floor();
  }
  refresh();
  if (!events_.empty() && random.chance(0.05)) {
    happen();
    return true;
  }
  return act_somewhere();
}

bool World::act_somewhere() {
  SimExecutor::Acts acts;
  const bool any = !link_list_.empty() || !executors_.empty();
  for (int tries = 0; any && tries < 6;
       ++tries) {  // cheap: look at all of them only if these are idle
    const std::size_t at = random.below(link_list_.size() + executors_.size());
    if (at < link_list_.size()) {
      if (link_list_[at]->waiting() > 0) {
        carry(*link_list_[at]);
        return true;
      }
    } else if (SimExecutor& executor = *executors_[at - link_list_.size()];
               const std::size_t n = executor.acts(acts)) {
      executor.act(acts[random.below(n)]);
      return true;
    }
  }
  std::vector<Link*> links;
  std::ranges::copy_if(link_list_, std::back_inserter(links),
                       [](const Link* link) { return link->waiting() > 0; });
  std::vector<SimExecutor*> executors;
  std::ranges::copy_if(executors_, std::back_inserter(executors),
                       [&acts](SimExecutor* executor) { return executor->acts(acts) > 0; });
  const std::size_t event = events_.empty() ? 0 : 2;
  const std::size_t all = links.size() + executors.size() + event;
  if (all == 0) {
    return false;
  }
  const std::size_t at = random.below(all);
  if (at < links.size()) {
    carry(*links[at]);
  } else if (at < links.size() + executors.size()) {
    SimExecutor& executor = *executors[at - links.size()];
    executor.act(acts[random.below(executor.acts(acts))]);
  } else {
    happen();
  }
  return true;
}

std::optional<std::string> World::run() {
  const auto quiesce = [this](std::uint64_t most, const char* what) {
    while (oracle.violation().empty() && step()) {
      if (statistics.steps > most) {
        oracle.violate(what, " after ", statistics.steps, " steps:", oracle.unfinished());
      }
    }
    return oracle.violation().empty();
  };
  if (quiesce(kMostSteps, "I2 no end") && !settings.forgets && !oracle.finished()) {
    oracle.violate("I2/I4 nothing happens any more, yet there are open roots:",
                   oracle.unfinished());
  }
  settings.deaths = 0;
  for (int i = 0; i < 400 && oracle.violation().empty() && !oracle.finished(); ++i) {
    tick();  // only timeouts can end what user code forgot
    quiesce(20 * kMostSteps, "I3 no end of timeouts");
  }
  return finish();
}

std::optional<std::string> World::finish() {
  if (!oracle.finished()) {
    oracle.violate("I3 open after all timeouts:", oracle.unfinished());
  }
  refresh();
  for (SimExecutor* executor : executors_) {
    executor->add_statistics(statistics);
    if (executor->tracker() == nullptr || !is_newest(executor->worker, executor->task())) {
      continue;
    }
    Tracker& tracker = *executor->tracker();
    if (!executor->exhausted() || tracker.parked() != 0 || tracker.overflowed() != 0 ||
        tracker.floor() != tracker.next()) {
      oracle.violate("I6 task ", executor->task(), " is stuck with ", tracker.pending(),
                     " open and ", tracker.parked(), " parked roots");
    }
  }
  if (oracle.violation().empty()) {
    return std::nullopt;
  }
  return oracle.violation();
}

}  // namespace rafale::worker::sim
