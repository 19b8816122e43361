// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Two workers of a real cluster: what crosses between them, how long that takes, what idling costs.
#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "bench/cluster.h"
#include "bench/temporary_file.h"
#include "bench/zipf_text.h"
#include "common/histogram_buckets.h"

namespace rafale::bench {
namespace {

using Wires = std::array<std::shared_ptr<Cluster>, 3>;

void sleep_for_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

std::string name_of(Wire wire) {
  constexpr std::array kNames{"unix", "tcp", "tls"};
  return kNames.at(static_cast<std::size_t>(wire));
}

/// A case on one of the clusters.
class ClusterCase : public Case {
 public:
  std::string missing(const Options&) override { return Cluster::missing(); }

 protected:
  ClusterCase(const std::string& name, std::string what, std::string yardstick,
              const Wires& clusters, Wire wire)
      : Case("cluster_" + name + "_" + name_of(wire), std::move(what), std::move(yardstick)),
        cluster_(clusters[static_cast<std::size_t>(wire)]) {}

  std::shared_ptr<Cluster> cluster_;
};

/// What is submitted, and which of its counters is the work done.
struct Load {
  std::string name;
  std::string what;
  std::string yardstick;
  std::string plugin;
  Cluster::Settings settings;
  std::string component;
  std::string counter;
  bool lines = false;  ///< reads the file of words
};

class ThroughputCase final : public ClusterCase {
 public:
  ThroughputCase(const Load& load, const Wires& clusters, Wire wire,
                 std::shared_ptr<TemporaryFile> lines)
      : ClusterCase(load.name, load.what, yardstick_of(load, wire), clusters, wire),
        load_(load),
        lines_(std::move(lines)) {}

  void round(const Options& options) override {
    Cluster::Settings settings = load_.settings;
    if (load_.lines) {
      if (lines_->path().empty()) lines_->write(zipf_text());
      settings.emplace_back("words.file", lines_->path());
    }
    cluster_->submit(options, load_.plugin, settings);
    sleep_for_seconds(options.warm_up);
    const Moment before = now();
    sleep_for_seconds(options.seconds);
    const Moment after = now();
    failed_ += failures();
    cluster_->kill();
    series_.add({after.done - before.done, static_cast<double>(after.ns - before.ns) * 1e-9,
                 after.cpu - before.cpu});
  }
  nlohmann::ordered_json details() const override { return {{"failed", failed_}}; }

 private:
  struct Moment {
    double done;
    std::int64_t ns;
    double cpu;
  };
  /// There is none with TLS: it is compared with what it protects.
  static std::string yardstick_of(const Load& load, Wire wire) {
    if (load.yardstick.empty() || load.yardstick == "wc") return load.yardstick;
    return load.yardstick + "_" + name_of(wire == Wire::tls ? Wire::tcp : wire);
  }

  Moment now() const {
    return {static_cast<double>(cluster_->total(load_.component, load_.counter)), now_ns(),
            cluster_->worker_cpu_seconds()};
  }
  std::uint64_t failures() const {
    const std::string spout = load_.lines ? "lines" : "spout";
    return cluster_->total(spout, "failed.timeout") + cluster_->total(spout, "failed.peer_lost") +
           cluster_->total(spout, "failed.exception");
  }

  Load load_;
  std::shared_ptr<TemporaryFile> lines_;
  std::uint64_t failed_ = 0;
};

class ClusterLatencyCase final : public ClusterCase {
 public:
  ClusterLatencyCase(const Wires& clusters, Wire wire)
      : ClusterCase("latency",
                    "spout in one worker, id and null in the other, 1000 tuples/s, acked; complete "
                    "latency as the spout measures it",
                    "", clusters, wire) {}

  void round(const Options& options) override {
    cluster_->submit(options, "perf.so",
                     {{"topology.workers", "2"}, {"perf.apart", "true"}, {"perf.rate", "1000"}});
    sleep_for_seconds(options.warm_up);
    const std::vector<std::uint64_t> before = cluster_->buckets("spout", "complete_ns");
    const double cpu = cluster_->worker_cpu_seconds();
    const std::int64_t begin = now_ns();
    sleep_for_seconds(options.seconds);
    std::vector<std::uint64_t> counts = cluster_->buckets("spout", "complete_ns");
    const double seconds = static_cast<double>(now_ns() - begin) * 1e-9;
    double done = 0;
    std::array<std::uint64_t, common::HistogramBuckets::kCount> latencies{};
    for (std::size_t i = 0; i < latencies.size() && i < counts.size(); ++i) {
      latencies[i] = counts[i] - before[i];
      done += static_cast<double>(latencies[i]);
    }
    series_.add({done, seconds, cluster_->worker_cpu_seconds() - cpu});
    cluster_->kill();
    p50_.push_back(common::HistogramBuckets::quantile_ns(latencies, 0.5) / 1e3);
    p99_.push_back(common::HistogramBuckets::quantile_ns(latencies, 0.99) / 1e3);
  }
  nlohmann::ordered_json details() const override {
    return {{"complete_us",
             {{"p50", Spread::of(p50_).to_json()}, {"p99", Spread::of(p99_).to_json()}}}};
  }

 private:
  std::vector<double> p50_, p99_;
};

/// From the command to the first acked tuple; one "tuple" is one submission.
class SubmitCase final : public ClusterCase {
 public:
  SubmitCase(const Wires& clusters, std::shared_ptr<TemporaryFile> lines)
      : ClusterCase("submit", "submit --wait of word count until its first acked tuple", "",
                    clusters, Wire::unix_socket),
        lines_(std::move(lines)) {}

  void round(const Options& options) override {
    if (lines_->path().empty()) lines_->write(zipf_text());
    cluster_->start(options);
    const std::int64_t begin = now_ns();
    cluster_->submit(options, "word_count.so",
                     {{"topology.workers", "2"},
                      {"words.parallelism", "2"},
                      {"words.repeat", "1000000000"},
                      {"words.top", "0"},
                      {"words.file", lines_->path()}});
    constexpr double kLongest = 60;
    while (cluster_->total("lines", "acked") == 0) {
      if (static_cast<double>(now_ns() - begin) * 1e-9 > kLongest) {
        throw std::runtime_error("no tuple was acked within 60 s of a submission");
      }
      sleep_for_seconds(0.001);
    }
    const double seconds = static_cast<double>(now_ns() - begin) * 1e-9;
    series_.add({1, seconds, std::max(cluster_->worker_cpu_seconds(), 1e-3)});
    seconds_.push_back(seconds);
    cluster_->kill();
  }
  nlohmann::ordered_json details() const override {
    return {{"seconds_to_first_ack", Spread::of(seconds_).to_json()}};
  }

 private:
  std::shared_ptr<TemporaryFile> lines_;
  std::vector<double> seconds_;
};

/// One tuple a second, so that nothing has to be done but to be there.
class IdleCase final : public ClusterCase {
 public:
  explicit IdleCase(const Wires& clusters)
      : ClusterCase("idle", "two workers with one tuple per second; per process", "", clusters,
                    Wire::unix_socket) {}

  void round(const Options& options) override {
    cluster_->submit(options, "perf.so",
                     {{"topology.workers", "2"}, {"perf.apart", "true"}, {"perf.rate", "1"}});
    sleep_for_seconds(std::max(options.warm_up, 2.0));
    const auto before = cluster_->costs();
    const std::int64_t begin = now_ns();
    sleep_for_seconds(std::max(options.seconds, 10.0));
    const auto after = cluster_->costs();
    const double seconds = static_cast<double>(now_ns() - begin) * 1e-9;
    nlohmann::ordered_json processes;
    double all = 0;
    for (std::size_t i = 0; i < after.size(); ++i) {
      const double cpu = after[i].cpu_seconds - before[i].cpu_seconds;
      all += cpu;
      processes[after[i].name] = {{"percent_of_a_core", rounded(100 * cpu / seconds)},
                                  {"resident_mb", rounded(after[i].resident_mb)}};
    }
    rounds_.push_back(processes);
    series_.add({1, seconds, std::max(all, 1e-3)});
    cluster_->kill();
  }
  nlohmann::ordered_json details() const override { return {{"processes", rounds_}}; }

 private:
  std::vector<nlohmann::ordered_json> rounds_;
};

std::vector<Load> loads() {
  const std::pair<std::string, std::string> two{"topology.workers", "2"};
  const std::pair<std::string, std::string> apart{"perf.apart", "true"};
  const std::pair<std::string, std::string> unacked{"topology.acker.executors", "0"};
  return {
      {"const_null_unacked",
       "Const -> Null, spout in one worker, bolt in the other; tuples at the bolt",
       "e2e_unacked",
       "perf.so",
       {two, apart, unacked, {"perf.topology", "ConstSpoutNullBolt"}},
       "null",
       "executed"},
      {"const_id_null_acked",
       "Const -> Id -> Null, spout in one worker, bolts in the other; messages whose trees are "
       "complete; as many open as e2e has",
       "e2e_acked",
       "perf.so",
       {two, apart, {"topology.max.spout.pending", "131072"}},
       "spout",
       "acked"},
      {"keyed_unacked",
       "both workers emit {string, number} and count by number, half crosses; tuples counted",
       "",
       "perf.so",
       {two, unacked, {"perf.topology", "ConstSpoutCountBolt"}, {"perf.parallelism", "2"}},
       "count",
       "executed"},
      {"word_count_acked",
       "lines of 10 words -> split -> count in both workers, half crosses, acked; words counted",
       "wc",
       "word_count.so",
       {two, {"words.parallelism", "2"}, {"words.repeat", "1000000000"}, {"words.top", "0"}},
       "count",
       "executed",
       true},
  };
}

}  // namespace

void add_cluster_cases(Cases& cases) {
  const Wires clusters{std::make_shared<Cluster>(Wire::unix_socket),
                       std::make_shared<Cluster>(Wire::tcp), std::make_shared<Cluster>(Wire::tls)};
  const auto lines = std::make_shared<TemporaryFile>();
  for (const Wire wire : {Wire::unix_socket, Wire::tcp, Wire::tls}) {
    for (const Load& load : loads()) {
      cases.push_back(std::make_unique<ThroughputCase>(load, clusters, wire, lines));
    }
    cases.push_back(std::make_unique<ClusterLatencyCase>(clusters, wire));
  }
  cases.push_back(std::make_unique<SubmitCase>(clusters, lines));
  cases.push_back(std::make_unique<IdleCase>(clusters));
}

}  // namespace rafale::bench
