// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The bike fleet: recorded JSON lines in memory, parsed, grouped by station, turned into events.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "bench/program.h"
#include "bench/temporary_file.h"
#include "bench/topology_run.h"
#include "rafale/rafale.h"

namespace rafale::bench {
namespace {

bool readable(const std::string& path) { return ::access(path.c_str(), R_OK) == 0; }

/// The recording that comes with the project's shared data, as JSON lines.
class Recording {
 public:
  std::string missing(const Options& options) const {
    if (!options.bike_file.empty()) {
      return readable(options.bike_file) ? "" : "cannot read " + options.bike_file;
    }
    return readable(csv()) ? "" : "there is no " + csv() + "; --bike-file names another file";
  }
  const std::string& path(const Options& options) {
    if (!options.bike_file.empty()) {
      return options.bike_file;
    }
    if (file_.path().empty()) {
      file_.write("");
      run_program({"python3", data() + "/expand.py", csv(), stations()}, file_.path());
    }
    return file_.path();
  }

 private:
  static std::string data() {
    const char* given = std::getenv("RAFALE_SHARED_DATA");
    return given != nullptr ? given : RAFALE_BENCH_SHARED_DATA;
  }
  static std::string csv() { return data() + "/bikes/lyon-jcdecaux-2019-09.csv.zst"; }
  static std::string stations() { return data() + "/bikes/lyon-jcdecaux-2019-09.stations.csv"; }

  TemporaryFile file_;
};

class BikeCase final : public Case {
 public:
  BikeCase(std::int64_t parallelism, std::shared_ptr<Recording> recording)
      : Case("bike_fleet_p" + std::to_string(parallelism),
             "JSON lines in memory -> parse -> by station -> events, acked; records"),
        parallelism_(parallelism),
        recording_(std::move(recording)) {}

  std::string missing(const Options& options) override {
    return readable(options.plugins + "/bike_fleet.so") ? recording_->missing(options)
                                                        : "there is no plugin bike_fleet.so";
  }

  void round(const Options& options) override {
    Config config;
    config.set("bikes.file", recording_->path(options));
    config.set("bikes.memory", true);
    config.set("bikes.parallelism", parallelism_);
    with_plugin(options, "bike_fleet.so", config, [&](const Topology& loaded) {
      series_.add(run_to_end(without_console(loaded), acked(), outcome_));
    });
  }
  nlohmann::ordered_json details() const override { return outcome_.to_json(); }

 private:
  /// Events end at a bolt that drops them, as the console would fill the results' output.
  static Topology without_console(Topology topology) {
    for (ComponentDef& component : topology.components) {
      if (component.name == "events") {
        component.factory = BasicBoltFactory([] {
          const auto drop = [](const Tuple&, BasicCollector&) {};
          return std::make_unique<detail::LambdaBolt<decltype(drop)>>(drop);
        });
        component.blocking = false;
      }
    }
    return topology;
  }

  std::int64_t parallelism_;
  std::shared_ptr<Recording> recording_;
  Outcome outcome_;
};

}  // namespace

void add_bike_cases(Cases& cases) {
  const auto recording = std::make_shared<Recording>();
  for (const std::int64_t parallelism : {1, 2}) {
    cases.push_back(std::make_unique<BikeCase>(parallelism, recording));
  }
}

}  // namespace rafale::bench
