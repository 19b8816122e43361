// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Const -> Null and Const -> Id -> Null, as the plugin perf.so has them.
#include <cstdint>
#include <memory>
#include <string>

#include "bench/topology_run.h"

namespace rafale::bench {
namespace {

class PerfCase final : public Case {
 public:
  struct Shape {
    bool with_id;
    bool acked;
    bool fused;
    std::int64_t parallelism;
  };

  explicit PerfCase(const Shape& shape)
      : Case(name_of(shape),
             std::string(shape.with_id ? "Const -> Id -> Null" : "Const -> Null") +
                 ", {20-byte string, int64}, tuples at the null bolt" +
                 (shape.acked ? " whose trees are complete" : ""),
             !shape.with_id ? ""
             : shape.acked  ? "t2_acked"
                            : "t2_unacked"),
        shape_(shape) {}

  void round(const Options& options) override {
    Config config;
    config.set("perf.topology", shape_.with_id ? "ConstSpoutIdBoltNullBolt" : "ConstSpoutNullBolt");
    config.set("perf.parallelism", shape_.parallelism);
    config.set("perf.fuse", shape_.fused);
    config.set("topology.acker.executors", shape_.acked ? 1 : 0);
    with_plugin(options, "perf.so", config, [&](const Topology& topology) {
      series_.add(run_for_window(topology, options, shape_.acked ? acked() : executed_by("null"),
                                 outcome_));
    });
  }
  nlohmann::ordered_json details() const override { return outcome_.to_json(); }

 private:
  static std::string name_of(const Shape& shape) {
    return std::string(shape.with_id ? "const_id_null" : "const_null") +
           (shape.acked ? "_acked" : "_unacked") + (shape.fused ? "_fused" : "_unfused") + "_p" +
           std::to_string(shape.parallelism);
  }

  Shape shape_;
  Outcome outcome_;
};

}  // namespace

void add_perf_cases(Cases& cases) {
  for (const bool with_id : {true, false}) {
    for (const bool acked : {true, false}) {
      for (const bool fused : {true, false}) {
        for (const std::int64_t parallelism : {1, 2}) {
          cases.push_back(
              std::make_unique<PerfCase>(PerfCase::Shape{with_id, acked, fused, parallelism}));
        }
      }
    }
  }
}

}  // namespace rafale::bench
