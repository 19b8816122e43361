// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How long a tuple takes when there is little to do: 1000 a second, each timed on its own.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/topology_run.h"
#include "rafale/rafale.h"

namespace rafale::bench {
namespace {

constexpr std::int64_t kIntervalNs = 1'000'000;

/// Nanoseconds, of one run. Written by one thread, read when the topology has stopped.
using Samples = std::vector<double>;

/// Emits one message per millisecond. Its id is the time at which it was due, from which both
/// latencies count: a late emission is part of them.
class Metronome final : public Spout {
 public:
  explicit Metronome(std::shared_ptr<Samples> complete) : complete_(std::move(complete)) {}

  void open(SpoutContext&) override { due_ns_ = now_ns() + kIntervalNs; }
  Next next_tuple(SpoutCollector& out) override {
    const std::int64_t now = now_ns();
    if (now < due_ns_) {
      return Next::idle_for(std::chrono::nanoseconds(due_ns_ - now));
    }
    out.emit(MessageId{static_cast<std::uint64_t>(due_ns_)}, "twenty bytes of text", due_ns_);
    due_ns_ += kIntervalNs;
    return Next::emitted();
  }
  void ack(MessageId id) override {
    complete_->push_back(static_cast<double>(now_ns() - static_cast<std::int64_t>(id.value)));
  }

 private:
  std::shared_ptr<Samples> complete_;
  std::int64_t due_ns_ = 0;
};

struct Latency {
  double p50;
  double p99;

  static Latency of(Samples& samples) {
    std::ranges::sort(samples);
    const auto at = [&](double q) {
      return samples.empty()
                 ? 0
                 : samples[static_cast<std::size_t>(q * static_cast<double>(samples.size() - 1))];
    };
    return {at(0.5) / 1e3, at(0.99) / 1e3};
  }
};

class LatencyCase final : public Case {
 public:
  explicit LatencyCase(bool fused)
      : Case(std::string("latency_") + (fused ? "fused" : "unfused"),
             "spout -> id -> sink at 1000 tuples/s, acked; microseconds from when a tuple was due"),
        fused_(fused) {}

  void round(const Options& options) override {
    const auto arrival = std::make_shared<Samples>();
    const auto complete = std::make_shared<Samples>();
    Outcome outcome;
    series_.add(run_for_window(topology(arrival, complete), options, acked(), outcome));
    add(Latency::of(*arrival), arrival_p50_, arrival_p99_);
    add(Latency::of(*complete), complete_p50_, complete_p99_);
  }

  nlohmann::ordered_json details() const override {
    return {{"arrival_us",
             {{"p50", Spread::of(arrival_p50_).to_json()},
              {"p99", Spread::of(arrival_p99_).to_json()}}},
            {"complete_us",
             {{"p50", Spread::of(complete_p50_).to_json()},
              {"p99", Spread::of(complete_p99_).to_json()}}}};
  }

 private:
  static void add(const Latency& latency, std::vector<double>& p50, std::vector<double>& p99) {
    p50.push_back(latency.p50);
    p99.push_back(latency.p99);
  }

  Topology topology(std::shared_ptr<Samples> arrival, std::shared_ptr<Samples> complete) const {
    const Schema schema{{"text", FieldType::string}, {"due", FieldType::int64}};
    TopologyBuilder builder("latency");
    builder.spout("spout", [complete] { return std::make_unique<Metronome>(complete); })
        .output(schema);
    builder
        .bolt("id",
              [](const Tuple& in, BasicCollector& out) {
                out.emit(in.get<std::string_view>(0), in.get<std::int64_t>(1));
              })
        .local_or_shuffle("spout")
        .output(schema)
        .fuse(fused_);
    builder
        .bolt("sink",
              [arrival](const Tuple& in, BasicCollector&) {
                arrival->push_back(static_cast<double>(now_ns() - in.get<std::int64_t>(1)));
              })
        .local_or_shuffle("id")
        .fuse(fused_);
    return builder.build();
  }

  bool fused_;
  std::vector<double> arrival_p50_, arrival_p99_, complete_p50_, complete_p99_;
};

}  // namespace

void add_latency_cases(Cases& cases) {
  for (const bool fused : {true, false}) {
    cases.push_back(std::make_unique<LatencyCase>(fused));
  }
}

}  // namespace rafale::bench
