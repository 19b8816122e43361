// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Adding, subtracting, remembering.

#include "nimbus/stats_codec.h"

#include <algorithm>
#include <array>
#include <functional>

#include "common/histogram_buckets.h"
#include "coord/stats_codec.h"

namespace rafale::nimbus {
namespace {

constexpr std::int64_t kNs = 1'000'000'000;
constexpr std::size_t kSeconds = 6;
constexpr std::int64_t kQuietNs = 10 * kNs;

using Counts = std::array<std::uint64_t, common::HistogramBuckets::kCount>;

Counts expand(const v1::HistogramCounts& histogram) {
  Counts counts{};
  const int size = std::min(histogram.buckets_size(), histogram.values_size());
  for (int i = 0; i < size; ++i) {
    if (histogram.buckets(i) < counts.size()) counts[histogram.buckets(i)] += histogram.values(i);
  }
  return counts;
}

void contract(const Counts& counts, v1::HistogramCounts& to) {
  to.Clear();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    to.add_buckets(static_cast<std::uint32_t>(i));
    to.add_values(counts[i]);
  }
}

using Combine = std::function<std::uint64_t(std::uint64_t, std::uint64_t)>;

void combine(const v1::HistogramCounts& from, v1::HistogramCounts& to, const Combine& with) {
  if (from.buckets_size() == 0) return;
  Counts sum = expand(to);
  const Counts other = expand(from);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = with(sum[i], other[i]);
  contract(sum, to);
}

void combine(const v1::ComponentStats& from, v1::ComponentStats& to, const Combine& with) {
  for (const v1::StreamStats& stream : from.streams()) {
    v1::StreamStats& sum = coord::stream_of(to, stream.stream());
    sum.set_emitted(with(sum.emitted(), stream.emitted()));
    sum.set_transferred(with(sum.transferred(), stream.transferred()));
  }
  to.set_executed(with(to.executed(), from.executed()));
  to.set_acked(with(to.acked(), from.acked()));
  v1::FailureStats& failed = *to.mutable_failed();
  failed.set_timeout(with(failed.timeout(), from.failed().timeout()));
  failed.set_explicit_(with(failed.explicit_(), from.failed().explicit_()));
  failed.set_exception(with(failed.exception(), from.failed().exception()));
  failed.set_peer_lost(with(failed.peer_lost(), from.failed().peer_lost()));
  to.set_skipped(with(to.skipped(), from.skipped()));
  to.set_replayed(with(to.replayed(), from.replayed()));
  to.set_dead_lettered(with(to.dead_lettered(), from.dead_lettered()));
  to.set_backpressured(with(to.backpressured(), from.backpressured()));
  to.set_busy_ns(with(to.busy_ns(), from.busy_ns()));
  combine(from.execute_ns(), *to.mutable_execute_ns(), with);
  combine(from.complete_ns(), *to.mutable_complete_ns(), with);
}

}  // namespace

void add_stats(const v1::ComponentStats& from, v1::ComponentStats& to) {
  to.set_component(from.component());
  combine(from, to, [](std::uint64_t a, std::uint64_t b) { return a + b; });
  to.set_queued_batches(to.queued_batches() + from.queued_batches());
  for (const v1::SpoutStats& spout : from.spouts()) *to.add_spouts() = spout;
  if (!from.last_error().empty()) to.set_last_error(from.last_error());
}

void subtract_stats(const v1::ComponentStats& from, v1::ComponentStats& to) {
  combine(from, to, [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; });
}

double quantile_ns(const v1::HistogramCounts& histogram, double q) {
  return common::HistogramBuckets::quantile_ns(expand(histogram), q);
}

std::uint64_t pending_of(const v1::WorkerStats& stats) {
  std::uint64_t pending = 0;
  for (const v1::ComponentStats& component : stats.components()) {
    for (const v1::SpoutStats& spout : component.spouts()) pending += spout.pending();
  }
  return pending;
}

void StatsBook::hear(const v1::WorkerStats& stats, std::int64_t now_ns, std::int64_t unix_ms) {
  const std::lock_guard lock(mutex_);
  Topology& topology = topologies_[stats.topology()];
  const Instance instance{stats.worker(), stats.instance()};
  if (!topology.buried.contains(instance)) topology.live[instance] = {stats, now_ns, unix_ms};
}

void StatsBook::bury(const v1::WorkerStats& stats) {
  const std::lock_guard lock(mutex_);
  Topology& topology = topologies_[stats.topology()];
  const Instance instance{stats.worker(), stats.instance()};
  if (!topology.buried.emplace(instance, true).second) return;
  topology.live.erase(instance);
  for (v1::ComponentStats component : stats.components()) {
    component.clear_spouts();
    component.clear_queued_batches();
    add_stats(component, topology.dead[component.component()]);
  }
}

void StatsBook::forget(const std::string& topology) {
  const std::lock_guard lock(mutex_);
  topologies_.erase(topology);
}

StatsBook::Totals StatsBook::sum(const Topology& topology) const {
  Totals totals = topology.dead;
  std::map<std::uint32_t, std::uint32_t> newest;
  for (const auto& [instance, live] : topology.live) newest[instance.first] = instance.second;
  for (const auto& [instance, live] : topology.live) {
    for (v1::ComponentStats component : live.stats.components()) {
      if (newest[instance.first] != instance.second) {
        component.clear_spouts();
        component.clear_queued_batches();
      }
      add_stats(component, totals[component.component()]);
    }
  }
  return totals;
}

StatsBook::Totals StatsBook::totals(const std::string& topology) const {
  const std::lock_guard lock(mutex_);
  const auto found = topologies_.find(topology);
  return found == topologies_.end() ? Totals{} : sum(found->second);
}

StatsBook::Totals StatsBook::window(const std::string& topology, std::int64_t window_s,
                                    std::int64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  const auto found = topologies_.find(topology);
  if (found == topologies_.end()) return {};
  Totals totals = sum(found->second);
  const auto ring =
      std::ranges::find(found->second.rings, window_s, [](const Ring& r) { return r.window_s; });
  if (ring == found->second.rings.end()) return totals;
  const Sample* before = nullptr;
  for (const Sample& sample : ring->samples) {
    if (sample.at_ns <= now_ns - window_s * kNs) before = &sample;
  }
  if (before == nullptr) return totals;
  for (const auto& [name, stats] : before->totals) subtract_stats(stats, totals[name]);
  return totals;
}

std::map<std::string, double> StatsBook::busy(const std::string& topology) const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, double> busy;
  const auto found = topologies_.find(topology);
  if (found == topologies_.end() || found->second.seconds.size() < 2) return busy;
  const Sample& from = found->second.seconds.front();
  const Sample& to = found->second.seconds.back();
  const auto time = static_cast<double>(std::max<std::int64_t>(to.at_ns - from.at_ns, 1));
  for (const auto& [name, stats] : to.totals) {
    const auto before = from.totals.find(name);
    const std::uint64_t began = before == from.totals.end() ? 0 : before->second.busy_ns();
    if (stats.busy_ns() > began) {
      busy[name] = static_cast<double>(stats.busy_ns() - began) / time;
    }
  }
  return busy;
}

std::int64_t StatsBook::counted_until_unix_ms(const std::string& topology,
                                              std::int64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  const auto found = topologies_.find(topology);
  if (found == topologies_.end()) return 0;
  std::map<std::uint32_t, std::uint32_t> newest;
  for (const auto& [instance, live] : found->second.live) newest[instance.first] = instance.second;
  std::int64_t until = 0;
  for (const auto& [instance, live] : found->second.live) {
    const bool replaced = newest[instance.first] != instance.second;
    if (!replaced || now_ns - live.heard_ns < kQuietNs) continue;
    until = until == 0 ? live.unix_ms : std::min(until, live.unix_ms);
  }
  return until;
}

void StatsBook::sample(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, topology] : topologies_) {
    const Totals totals = sum(topology);
    topology.seconds.push_back({now_ns, totals});
    if (topology.seconds.size() > kSeconds) topology.seconds.pop_front();
    for (Ring& ring : topology.rings) {
      if (!ring.samples.empty() && now_ns - ring.samples.back().at_ns < ring.spacing_s * kNs) {
        continue;
      }
      ring.samples.push_back({now_ns, totals});
      // One older than the window is kept: that is what the window begins from.
      while (ring.samples.size() > 2 && ring.samples[1].at_ns <= now_ns - ring.window_s * kNs) {
        ring.samples.pop_front();
      }
    }
  }
}

v1::StoredTotals StatsBook::store(const std::string& topology) const {
  const std::lock_guard lock(mutex_);
  v1::StoredTotals stored;
  const auto found = topologies_.find(topology);
  if (found == topologies_.end()) return stored;
  stored.mutable_dead()->set_topology(topology);
  for (const auto& [name, stats] : found->second.dead)
    *stored.mutable_dead()->add_components() = stats;
  for (const auto& [instance, yes] : found->second.buried) {
    stored.add_dead_instances(std::uint64_t{instance.first} << 32 | instance.second);
  }
  for (const auto& [instance, live] : found->second.live) *stored.add_live() = live.stats;
  return stored;
}

void StatsBook::restore(const std::string& topology, const v1::StoredTotals& stored) {
  const std::lock_guard lock(mutex_);
  Topology& to = topologies_[topology];
  if (stored.dead_instances_size() < static_cast<int>(to.buried.size())) return;  // older
  to.dead.clear();
  to.buried.clear();
  for (const v1::ComponentStats& stats : stored.dead().components()) {
    to.dead[stats.component()] = stats;
  }
  for (const std::uint64_t instance : stored.dead_instances()) {
    to.buried[{static_cast<std::uint32_t>(instance >> 32), static_cast<std::uint32_t>(instance)}] =
        true;
  }
  for (const v1::WorkerStats& stats : stored.live()) {
    const Instance instance{stats.worker(), stats.instance()};
    if (!to.buried.contains(instance)) to.live.try_emplace(instance, Live{stats, 0, 0});
  }
}

std::vector<std::string> StatsBook::topologies() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  ids.reserve(topologies_.size());
  for (const auto& [id, topology] : topologies_) ids.push_back(id);
  return ids;
}

}  // namespace rafale::nimbus
